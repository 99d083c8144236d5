import ArgumentParser
import Foundation
import Heads
import KNAS
import Scoring
import Training

/// Which heads there are, and how they are scored.
struct ScoringOptions: ParsableArguments {
    @Option(help: "Random initialisations each head is scored under.")
    var initSeeds = 2
    @Option(help: "Training examples that heads are scored on.")
    var scoringExamples = 64
    @Option(
        help: "Training steps that every head takes before it is scored, on other examples.")
    var warmUpSteps = 0
    @Option(help: "Learning rate of those steps.")
    var warmUpLearningRate = Scorer.Options().warmUpLearningRate
    @Option(help: "Most blocks between input and pooling.")
    var blocks = 3
    @Option(help: "Leave heads with more trained weights out; 0 for no limit.")
    var maxParameters = 500_000

    @Option(
        name: .customLong("max-flops"),
        help: "Leave heads out that need more multiply-adds for an example of mean length.")
    var maxMultiplyAdds: Double?
    @Option(
        help: ArgumentHelp(
            """
            Operations that heads are made of, by name with commas between; 'default' stands for \
            those that are drawn without this option, as in default,alignment.
            """,
            discussion: OperationRegistry.standard.operations
                .map { $0.isDrawn ? $0.name : "\($0.name) (not in default)" }
                .joined(separator: ", ")))
    var operations: String?

    func apply(to configuration: inout RunConfiguration) {
        configuration.scoring.initializations = initSeeds
        configuration.scoring.examples = scoringExamples
        configuration.scoring.warmUpSteps = warmUpSteps
        configuration.scoring.warmUpLearningRate = warmUpLearningRate
        configuration.maximumBlocks = blocks
        configuration.maximumMultiplyAdds = maxMultiplyAdds
        configuration.operations = operations.map {
            $0.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        }
        configuration.maximumParameters = maxParameters == 0 ? nil : maxParameters
    }
}

extension EpochChoice: ExpressibleByArgument {}

/// How heads are trained.
struct TrainingOptions: ParsableArguments {
    @Option(
        help: "Epochs at most: 8 for the winner and half for finalists, 4 for a study's heads.")
    var epochs: Int?
    @Option(help: "Peak learning rate.")
    var learningRate = TrainingConfiguration().learningRate
    @Option(help: "Examples a training step.")
    var batchSize = TrainingConfiguration().batchSize
    @Option(help: "Weight decay of AdamW.")
    var weightDecay = TrainingConfiguration().weightDecay
    @Option(help: "Share of the target that is spread over all classes.")
    var labelSmoothing = TrainingConfiguration().labelSmoothing
    @Option(
        help: "Whose weights count: the epoch that is best on dev, or the last; by the size of dev."
    )
    var epochChoice = TrainingConfiguration().epochChoice
    @Flag(help: "Let every class weigh the same in training.")
    var balanceClasses = false

    func apply(to configuration: inout RunConfiguration) {
        if let epochs { configuration.training.epochs = epochs }
        configuration.training.learningRate = learningRate
        configuration.training.batchSize = batchSize
        configuration.training.weightDecay = weightDecay
        configuration.training.labelSmoothing = labelSmoothing
        configuration.training.epochChoice = epochChoice
        configuration.training.balancesClasses = balanceClasses
    }
}

extension TaskOptions {
    func apply(to configuration: inout RunConfiguration) {
        configuration.data = dataURL
        configuration.pairing = pairing
        configuration.maximumLength = maximumTokens
        configuration.skipBadRows = skipBadRows
    }
}

extension EncoderOptions {
    func apply(to configuration: inout RunConfiguration) {
        configuration.encoder = encoder
        configuration.layers = layers
        configuration.threads = threads
    }
}
