import CKernels
import Features
import Foundation
import Graphs
import Metrics
import Tensors

/// The mean loss of a batch that is computed part by part.
struct BatchLoss: Sendable {
    let parameters: ParameterSet
    let classes: Int
    private let classWeights: [Float]?
    private let smoothing: Float
    private let consistency: Float

    /// - Parameter balancesClasses: whether classes weigh the same however many examples of `train`
    ///   they have.
    /// - Parameter consistency: what the distance of two answers for one example counts, where there are two.
    init(
        _ parameters: ParameterSet, _ train: FeatureSet, classes: Int, balancesClasses: Bool,
        smoothing: Float, consistency: Float = 0
    ) {
        self.parameters = parameters
        self.classes = classes
        self.smoothing = smoothing
        self.consistency = consistency
        classWeights = balancesClasses ? Training.classWeights(train, classes) : nil
    }

    /// Adds the gradient of a part's share of the batch's mean loss; returns the part's summed loss.
    func add(
        _ part: FeatureBatch, of batchCount: Int, _ executor: Executor, dropoutKey: UInt64,
        into gradient: some GradientSink
    ) -> Double {
        let (_, result) = evaluate(part, executor, dropoutKey)
        let scale = 1 / Float(batchCount)
        executor.backward(result.gradients.map { $0 * scale }, into: gradient)
        return result.losses.reduce(0) { $0 + Double($1) }
    }

    /// Adds the same of a part whose examples are there twice, all and then all again, under masks of their own:
    /// the mean of their losses, and the distance of their answers (R-Drop, Liang et al., NeurIPS 2021, equation 3,
    /// halved, so that it is the plain loss where the answers are equal).
    func addTwice(
        _ part: FeatureBatch, of batchCount: Int, _ executor: Executor, dropoutKey: UInt64,
        into gradient: some GradientSink
    ) -> Double {
        let (logits, result) = evaluate(part, executor, dropoutKey)
        let pairs = result.losses.count / 2
        let apart = Consistency.evaluate(
            logits: logits, kind: part.targets.kind, pairs: pairs, outputs: classes)
        let scale = 0.5 / Float(batchCount)
        executor.backward(
            zip(result.gradients, apart.gradients).map { ($0 + consistency * $1) * scale },
            into: gradient)
        return zip(result.losses, result.losses.dropFirst(pairs)).reduce(0) {
            $0 + Double($1.0 + $1.1) / 2
        } + Double(consistency) / 2 * apart.distances.reduce(0) { $0 + Double($1) }
    }

    /// Runs a part: its logits, and each example's loss with its gradient.
    private func evaluate(
        _ part: FeatureBatch, _ executor: Executor, _ dropoutKey: UInt64
    ) -> (
        logits: UnsafePointer<Float>, result: (losses: [Float], gradients: [Float])
    ) {
        let logits = executor.forward(
            part.batch, parameters: parameters, mode: .training(key: dropoutKey))
        let weights = classWeights.flatMap { Training.weights(of: part.targets, $0) }
        let result = Loss.evaluate(
            logits: logits, targets: part.targets, outputs: classes, weights: weights,
            smoothing: smoothing)
        return (logits, result)
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
    /// What the logits of all examples of a set say; they are overwritten.
    /// - Throws: ``MetricsError`` when they are not finite.
    init(overwriting logits: FloatStorage, of features: FeatureSet, classes: Int) throws {
        let space: TargetSpace =
            switch features.targets {
            case .classes: .classes(classes)
            case .labels: .labels(classes)
            case .numbers(_, let scale): .number(scale)
            }
        space.answers(overwriting: logits.pointer, rows: features.count)
        try self.init(targets: features.targets, values: logits.array, outputs: classes)
    }
}

extension TargetSpace {
    /// Makes answers of logits, `[rows, outputs]`: probabilities of classes by softmax or of labels by
    /// sigmoid, or numbers in the unit of the data.
    public func answers(overwriting logits: UnsafeMutablePointer<Float>, rows: Int) {
        switch self {
        case .classes(let count):
            knas_softmax_rows(Int64(rows), Int64(count), Int64(count), 1, logits)
        case .labels(let count):
            for place in 0..<rows * count { logits[place] = 1 / (1 + exp(-logits[place])) }
        case .number(let scale):
            for place in 0..<rows { logits[place] = Float(scale.restored(Double(logits[place]))) }
        }
    }
}
