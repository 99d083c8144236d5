import Features
import Graphs
import Metrics
import Support
import Tensors

/// Logistic regression, for numbers ridge regression, on the output of a head that has no other trained weights, for several
/// strengths of the L2 penalty, each to its minimum.
///
/// A few thousand rows and a thousand features or more need a stronger penalty than AdamW's weight
/// decay gives in a few epochs; here the minimum is reached, and nothing is random but the examples
/// that the standardisation of tokens is computed from.
public struct LogisticPath: Sendable {
    /// Inverse strengths C, the strongest penalty first; each fit starts from the minimum before
    /// it. The loss is `|w|^2 / 2 + C sum_i L_i`.
    public static let strengths: [Double] = [
        1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1,
    ]
    /// Number of fits that every path has.
    public static let fewest = 7
    /// Number of examples that the standardisation of tokens is computed from; that of the
    /// classifier's input is computed from all.
    private static let calibrationExamples = 256

    /// One for each strength, the strongest penalty first, ``fewest`` at least.
    public let heads: [TrainedHead]

    /// Whether a path ends with these fits.
    ///
    /// Weaker penalties than those of the first ``fewest`` fits cost more iterations, and pay off only
    /// where there are many rows for each weight: a path goes on to them as long as dev's cross entropy
    /// falls.
    public static func isComplete(_ heads: [TrainedHead]) -> Bool {
        guard heads.count >= fewest else { return false }
        let losses = heads.suffix(2).map { $0.history[0].devCrossEntropy }
        return heads.count == strengths.count || losses[1] > losses[0]
    }

    /// - Parameters:
    ///   - graph: a head with a ``Graph/linearReadout``; its standardisation is set from train.
    ///   - balancesClasses: whether all classes have the same total weight in the loss, however
    ///     many examples they have.
    ///   - criterion: what the heads are compared by on dev.
    ///   - start: numbers of what is not fitted, e.g. of encoder layers; `nil` where there is nothing of that
    ///     kind.
    /// - Throws: ``TrainingError``, what `onFit` throws.
    public init(
        _ graph: Graph, train: FeatureSet, dev: FeatureSet, classes: Int,
        balancesClasses: Bool = false,
        criterion: SelectionCriterion = .accuracy, key: RandomKey, start: ParameterSet? = nil,
        onFit: () throws -> Void = {}
    ) throws {
        guard let readout = graph.linearReadout else {
            preconditionFailure("the head has trained weights before its classifier")
        }
        try TrainingError.checkExamples(train: train, dev: dev)
        let parameters = start ?? ParameterSet(graph)
        if start == nil { parameters.initialize(key: key.child("init")) }
        try calibrate(graph, parameters, train, examples: Self.calibrationExamples, key)
        let rows = try Self.standardizedRows(readout.body, parameters, train)
        // The body is the same for every strength, and may cost far more than the classifier.
        let devRows = try outputRows(Executor(readout.body), parameters, dev)
        let table = balancesClasses ? classWeights(train, classes) : nil
        let rowWeights = table.flatMap { weights(of: train.targets, $0) }
        let curvature = LogisticCurvature(rows, width: readout.body.output.width)
        var heads: [TrainedHead] = []
        var solution: [Float]?
        for strength in Self.strengths where !Self.isComplete(heads) {
            let objective = LogisticObjective(
                rows: rows, targets: train.targets, width: readout.body.output.width,
                classes: classes, strength: strength,
                rowWeights: rowWeights)
            let minimum = objective.minimum(
                from: solution, maximumIterations: 200, curvature: curvature)
            solution = minimum
            let fitted = parameters.copy()
            let weights = classes * objective.width
            fitted.set(readout.weight, Array(minimum[..<weights]))
            fitted.set(readout.bias, Array(minimum[weights...]))
            let logits = LogisticObjective.logits(
                devRows, minimum, width: objective.width, classes: classes)
            let predictions = try Predictions(
                overwriting: FloatStorage(logits), of: dev, classes: classes)
            let record = EpochRecord(
                epoch: 1, trainingLoss: objective.loss(minimum), dev: predictions,
                criterion: criterion)
            heads.append(
                TrainedHead(
                    graph: graph, parameters: fitted, history: [record], bestEpoch: 1,
                    dev: predictions))
            try onFit()
        }
        self.heads = heads
    }

    /// What the classifier reads, `[examples, width]`. Where standardisation is the last step
    /// before it, scale and shift are computed from all examples.
    private static func standardizedRows(
        _ body: Graph, _ parameters: ParameterSet, _ features: FeatureSet
    ) throws -> FloatStorage {
        let last = body.nodes[body.output.node]
        guard case .affine(let scale, let shift) = last.primitive, body.isCalibrated(scale) else {
            return try outputRows(Executor(body), parameters, features)
        }
        let raw = try outputRows(
            Executor(body.upTo(node: last.inputs[0])), parameters, features)
        let scaling = Standardization(raw, rows: features.count)
        parameters.set(scale, scaling.scale)
        parameters.set(shift, scaling.shift)
        return scaling.apply(raw, rows: features.count)
    }
}
