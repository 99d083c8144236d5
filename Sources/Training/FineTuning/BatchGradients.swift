import Features
import Graphs
import Support
import Tensors

/// The gradient of a batch's mean loss, computed in parts of about as many tokens each.
final class BatchGradients: @unchecked Sendable {
    private let loss: BatchLoss
    private let microBatchTokens: Int
    private let slots: [Int]
    private let lanes: GradientLanes

    /// - Throws: `BadOption` where the precision cannot be had.
    init(
        _ graph: Graph, _ loss: BatchLoss, _ configuration: FineTuneConfiguration,
        precision: Precision = .float32, threads: Int
    ) throws {
        self.loss = loss
        microBatchTokens = configuration.microBatchTokens
        slots = graph.inputSlots
        lanes = try GradientLanes(
            graph, loss.parameters, clipNorm: configuration.clipNorm, precision: precision,
            threads: threads)
    }

    /// The gradient after ``compute(_:of:key:)``, clipped.
    var storage: FloatStorage { lanes.storage }

    /// Computes the gradient of the mean loss of some examples; returns their summed loss.
    /// - Parameter key: decides the dropout masks.
    func compute(_ members: [Int], of train: FeatureSet, key: RandomKey) throws -> Double {
        let parts = MicroBatches(
            tokens: members.map { loss.copies * train.tokenCount($0) }, limit: microBatchTokens
        ).parts
        let losses = try lanes.compute { lane, executor, gradient in
            var sum = 0.0
            for part in stride(from: lane, to: parts.count, by: MicroBatches.lanes) {
                var generator = key.child(part).generator()
                let own = parts[part].map { members[$0] }
                let copies = [[Int]](repeating: own, count: self.loss.copies)
                sum += try self.loss.add(
                    train.batch(Array(copies.joined()), slots: self.slots),
                    of: members.count, executor, dropoutKey: generator.next(), into: gradient)
            }
            return sum
        }
        return losses.reduce(0, +)
    }
}
