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
    private let consistency: Float?

    /// - Parameter balancesClasses: whether classes weigh the same however many examples of `train`
    ///   they have.
    /// - Parameter consistency: what the distance of two answers for one example counts; `nil` where there is one.
    init(
        _ parameters: ParameterSet, _ train: FeatureSet, classes: Int, balancesClasses: Bool,
        smoothing: Float, consistency: Float? = nil
    ) {
        self.parameters = parameters
        self.classes = classes
        self.smoothing = smoothing
        self.consistency = consistency
        classWeights = balancesClasses ? Training.classWeights(train, classes) : nil
    }

    /// How often each example of a part is there: twice where its two answers are to agree.
    var copies: Int { consistency == nil ? 1 : 2 }

    /// Adds the gradient of a part's share of the batch's mean loss; returns the part's summed loss.
    ///
    /// Where two answers are to agree, all examples are there and then all again, under masks of their own: an
    /// example's loss is the mean of the two and the distance of the answers (R-Drop, Liang et al., NeurIPS 2021,
    /// equation 3, halved, so that it is the plain loss where the answers are equal).
    func add(
        _ part: FeatureBatch, of batchCount: Int, _ executor: Executor, dropoutKey: UInt64,
        into gradient: some GradientSink
    ) -> Double {
        let logits = executor.forward(
            part.batch, parameters: parameters, mode: .training(key: dropoutKey))
        let weights = classWeights.flatMap { Training.weights(of: part.targets, $0) }
        var (losses, gradients) = Loss.evaluate(
            logits: logits, targets: part.targets, outputs: classes, weights: weights,
            smoothing: smoothing)
        if let consistency {
            let apart = Consistency.evaluate(
                logits: logits, kind: part.targets.kind, pairs: losses.count / copies,
                outputs: classes)
            gradients = zip(gradients, apart.gradients).map { $0 + consistency * $1 }
            losses += apart.distances.map { consistency * $0 }
        }
        let scale = 1 / Float(copies * batchCount)
        executor.backward(gradients.map { $0 * scale }, into: gradient)
        return losses.reduce(0) { $0 + Double($1) } / Double(copies)
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
