import ArgumentParser
import Foundation
import Heads
import Scoring
import Selection
import Training

/// Which heads there are, and how they are scored.
struct ScoringOptions: ParsableArguments {
    private static let standard = Scorer.Options()

    @Option(help: "Random initialisations that each head is scored with.")
    var initSeeds = Self.standard.initializations
    @Option(help: "Training examples that heads are scored on.")
    var scoringExamples = Self.standard.examples
    @Option(
        help: ArgumentHelp(
            "Estimate kernels from gradients projected on so many directions; 0 is exact.",
            discussion:
                "Linear layers are projected on both sides: 16 is about three times as fast."))
    var sketch = Self.standard.sketch
    @Option(
        help: "Training steps that every head takes before it is scored, on other examples.")
    var warmUpSteps = Self.standard.warmUpSteps
    @Option(help: "Learning rate of those steps.")
    var warmUpLearningRate = Self.standard.warmUpLearningRate
    @Option(help: "Largest number of blocks between input and pooling.")
    var blocks = SpaceConfiguration().maximumBlocks
    @Option(help: "Leave out heads with more trained weights; 0 for no limit.")
    var maxParameters = SpaceConfiguration().maximumParameters ?? 0

    @Option(
        name: .customLong("max-flops"),
        help: ArgumentHelp(
            "Leave out heads that need more multiply-adds for an example of mean length.",
            discussion:
                "Default: half again the median of random heads; no limit in an exhaustive search.")
    )
    var maxMultiplyAdds: Double?
    @Option(
        help: ArgumentHelp(
            """
            Operations that heads are made of, separated by commas; 'default' means \
            those that are drawn without this option, as in default,alignment.
            """,
            discussion: OperationRegistry.standard.operations
                .map { $0.isDrawn ? $0.name : "\($0.name) (not in default)" }
                .joined(separator: ", ")))
    var operations: String?

    func apply(to scoring: inout Scorer.Options, _ space: inout SpaceConfiguration) {
        scoring.initializations = initSeeds
        scoring.examples = scoringExamples
        scoring.sketch = sketch
        scoring.warmUpSteps = warmUpSteps
        scoring.warmUpLearningRate = warmUpLearningRate
        space.maximumBlocks = blocks
        space.maximumMultiplyAdds = maxMultiplyAdds
        space.operations = operations.map {
            $0.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        }
        space.maximumParameters = maxParameters == 0 ? nil : maxParameters
    }
}

extension EpochChoice: ExpressibleByArgument {}

/// How heads are trained.
struct TrainingOptions: ParsableArguments {
    @Option(
        help: "Epochs (default: 3, and more in a search with fewer than 1,600 rows; 4 in a study).")
    var epochs: Int?
    @Option(help: "Peak learning rate.")
    var learningRate = TrainingConfiguration().learningRate
    @Option(help: "Examples per training step.")
    var batchSize = TrainingConfiguration().batchSize
    @Option(help: "Weight decay of AdamW.")
    var weightDecay = TrainingConfiguration().weightDecay
    @Option(help: "Share of the target that is spread over all classes (label smoothing).")
    var labelSmoothing = TrainingConfiguration().labelSmoothing
    @Option(
        help: "Which epoch's weights to keep: best on dev, or last, which automatic means."
    )
    var epochChoice = TrainingConfiguration().epochChoice
    @Flag(help: "Give every class the same weight in training.")
    var balanceClasses = false

    func apply(to training: inout TrainingConfiguration) {
        if let epochs { training.epochs = epochs }
        training.learningRate = learningRate
        training.batchSize = batchSize
        training.weightDecay = weightDecay
        training.labelSmoothing = labelSmoothing
        training.epochChoice = epochChoice
        training.balancesClasses = balanceClasses
    }
}

extension TaskOptions {
    func apply(to input: inout InputConfiguration) {
        input.data = dataURL
        input.dataFile = dataFile.options
        input.pairings = pairing
        input.maximumLength = maximumTokens
        input.skipBadRows = skipBadRows
    }
}

extension EncoderOptions {
    func apply(to input: inout InputConfiguration) {
        input.encoders = encoders
        input.layers = layers
        input.precision = precision.precision
    }
}
