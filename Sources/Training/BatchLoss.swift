import CKernels
import Features
import Graphs
import Metrics
import Tensors

/// The mean cross entropy of a batch that is computed part by part.
struct BatchLoss: Sendable {
    let parameters: ParameterSet
    let classes: Int
    private let classWeights: [Float]?
    private let smoothing: Float

    /// - Parameter balancesClasses: whether classes weigh the same however many examples of `train`
    ///   they have.
    init(
        _ parameters: ParameterSet, _ train: FeatureSet, classes: Int, balancesClasses: Bool,
        smoothing: Float
    ) {
        self.parameters = parameters
        self.classes = classes
        self.smoothing = smoothing
        classWeights = balancesClasses ? Training.classWeights(train, classes) : nil
    }

    /// Adds the gradient of a part's share of the batch's mean loss; returns the part's summed loss.
    func add(
        _ part: FeatureBatch, of batchCount: Int, _ executor: Executor, dropoutKey: UInt64,
        into gradient: BatchGradient
    ) -> Double {
        let logits = executor.forward(
            part.batch, parameters: parameters, mode: .training(key: dropoutKey))
        let weights = classWeights.map { table in part.labels.map { table[Int($0)] } }
        let result = CrossEntropy.evaluate(
            logits: logits, labels: part.labels, classes: classes, weights: weights,
            smoothing: smoothing)
        let scale = 1 / Float(batchCount)
        executor.backward(result.gradients.map { $0 * scale }, into: gradient)
        return result.losses.reduce(0) { $0 + Double($1) }
    }
}

extension TrainingError {
    /// - Throws: ``noExamples(split:)``.
    static func checkExamples(train: FeatureSet, dev: FeatureSet) throws {
        guard train.count > 0 else { throw noExamples(split: "train") }
        guard dev.count > 0 else { throw noExamples(split: "dev") }
    }
}

extension Predictions {
    /// Class probabilities from the logits of all examples of a set, which are overwritten.
    /// - Throws: ``MetricsError`` when they are not finite.
    init(overwriting logits: FloatStorage, of features: FeatureSet, classes: Int) throws {
        knas_softmax_rows(
            Int64(features.count), Int64(classes), Int64(classes), 1, logits.pointer)
        try self.init(
            labels: features.labels.map(Int.init), probabilities: logits.array, classes: classes)
    }
}
