import CKernels
import Features
import Graphs
import Support
import Tensors

/// The gradient of a batch's mean loss, computed in parts on several threads.
///
/// Each lane sums the gradients of its parts in order, and the lanes are summed in order: the result
/// does not depend on the number of threads.
final class BatchGradients: @unchecked Sendable {
    private let loss: BatchLoss
    private let configuration: FineTuneConfiguration
    private let threads: Int
    private let slots: [Int]
    private let executors: [Executor]
    private let lanes: [BatchGradient]
    /// The weights in bfloat16, where training is in mixed precision.
    private let mixed: MixedPrecisionWeights?
    /// The weights that a thread sums at a time, piece by piece.
    private let pieces: [Range<Int>]

    /// - Throws: `BadOption` where the precision cannot be had.
    init(
        _ graph: Graph, _ loss: BatchLoss, _ configuration: FineTuneConfiguration,
        precision: Precision = .float32, threads: Int
    ) throws {
        self.loss = loss
        self.configuration = configuration
        self.threads = max(1, min(threads, MicroBatches.lanes))
        slots = graph.inputSlots
        let mixed =
            precision == .bfloat16 ? try MixedPrecisionWeights(graph, loss.parameters) : nil
        self.mixed = mixed
        executors = (0..<self.threads).map { _ in Executor(graph, mixed: mixed) }
        lanes = (0..<MicroBatches.lanes).map { _ in BatchGradient(loss.parameters.layout) }
        pieces = (0..<lanes[0].storage.count).pieces(of: 1 << 16)
    }

    /// The gradient after ``compute(_:of:key:)``, clipped.
    var storage: FloatStorage { lanes[0].storage }

    /// Computes the gradient of the mean loss of some examples; returns their summed loss.
    /// - Parameter key: decides the dropout masks.
    func compute(_ members: [Int], of train: FeatureSet, key: RandomKey) throws -> Double {
        let parts = MicroBatches(
            tokens: members.map { train.tokenCount($0) }, limit: configuration.microBatchTokens
        ).parts
        mixed?.round(threads: threads)
        let losses = try Parallel.map(count: lanes.count, threads: threads) { lane, thread in
            self.lanes[lane].clear()
            var sum = 0.0
            for part in stride(from: lane, to: parts.count, by: self.lanes.count) {
                var generator = key.child(part).generator()
                sum += try self.loss.add(
                    train.batch(parts[part].map { members[$0] }, slots: self.slots),
                    of: members.count, self.executors[thread], dropoutKey: generator.next(),
                    into: self.lanes[lane])
            }
            return sum
        }
        let norm = Float(sumLanes().squareRoot())
        if norm > configuration.clipNorm { scaleGradient(by: configuration.clipNorm / norm) }
        return losses.reduce(0, +)
    }

    /// Adds all lanes to the first, in order; returns the sum of the squares.
    private func sumLanes() -> Double {
        let squares = Parallel.map(count: pieces.count, threads: threads) { place, _ in
            let piece = self.pieces[place]
            let (length, target) = (Int64(piece.count), self.storage.pointer + piece.lowerBound)
            for lane in self.lanes.dropFirst() {
                knas_add(length, target, lane.storage.pointer + piece.lowerBound, target)
            }
            return knas_dot(length, target, target)
        }
        return squares.reduce(0, +)
    }

    private func scaleGradient(by factor: Float) {
        Parallel.forEach(count: pieces.count, threads: threads) { place, _ in
            let target = self.storage.pointer + self.pieces[place].lowerBound
            knas_scale(Int64(self.pieces[place].count), factor, target, target)
        }
    }
}
