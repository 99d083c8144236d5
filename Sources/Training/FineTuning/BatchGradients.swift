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
    private let parameters: ParameterSet
    private let configuration: FineTuneConfiguration
    private let classes: Int
    private let classWeights: [Float]?
    private let threads: Int
    private let slots: [Int]
    private let executors: [Executor]
    private let lanes: [BatchGradient]

    /// Number of weights that a thread sums at a time.
    private static let pieceCount = 1 << 16

    init(
        _ graph: Graph, _ parameters: ParameterSet, _ configuration: FineTuneConfiguration,
        classes: Int, classWeights: [Float]?, threads: Int
    ) {
        self.parameters = parameters
        self.configuration = configuration
        self.classes = classes
        self.classWeights = classWeights
        self.threads = max(1, min(threads, MicroBatches.lanes))
        slots = graph.inputSlots
        executors = (0..<self.threads).map { _ in Executor(graph) }
        lanes = (0..<MicroBatches.lanes).map { _ in BatchGradient(parameters.layout) }
    }

    /// The gradient after ``compute(_:of:key:)``, clipped.
    var storage: FloatStorage { lanes[0].storage }

    /// Computes the gradient of the mean loss of some examples; returns their summed loss.
    /// - Parameter key: decides the dropout masks.
    func compute(_ members: [Int], of train: FeatureSet, key: RandomKey) throws -> Double {
        let parts = MicroBatches(
            tokens: members.map { train.tokenCount($0) }, limit: configuration.microBatchTokens
        ).parts
        let scale = 1 / Float(members.count)
        let losses = try Parallel.map(count: lanes.count, threads: threads) { lane, thread in
            self.lanes[lane].clear()
            var sum = 0.0
            for part in stride(from: lane, to: parts.count, by: self.lanes.count) {
                var generator = key.child(part).generator()
                sum += try self.add(
                    train.batch(parts[part].map { members[$0] }, slots: self.slots), scale,
                    self.executors[thread], self.lanes[lane], dropoutKey: generator.next())
            }
            return sum
        }
        let norm = Float(sumLanes().squareRoot())
        if norm > configuration.clipNorm { scaleGradient(by: configuration.clipNorm / norm) }
        return losses.reduce(0, +)
    }

    private func add(
        _ batch: FeatureBatch, _ scale: Float, _ executor: Executor, _ gradient: BatchGradient,
        dropoutKey: UInt64
    ) -> Double {
        let logits = executor.forward(
            batch.batch, parameters: parameters, mode: .training(key: dropoutKey))
        let weights = classWeights.map { table in batch.labels.map { table[Int($0)] } }
        let result = CrossEntropy.evaluate(
            logits: logits, labels: batch.labels, classes: classes, weights: weights,
            smoothing: configuration.labelSmoothing)
        executor.backward(result.gradients.map { $0 * scale }, into: gradient)
        return result.losses.reduce(0) { $0 + Double($1) }
    }

    /// Adds all lanes to the first, in order; returns the sum of the squares.
    private func sumLanes() -> Double {
        let count = storage.count
        let step = Self.pieceCount
        let pieces = (count + step - 1) / step
        let squares = PieceSums(count: pieces)
        Parallel.forEachInfallible(count: pieces, threads: threads) { piece in
            let start = piece * step
            let length = Int64(min(step, count - start))
            let target = self.storage.pointer + start
            for lane in self.lanes.dropFirst() {
                knas_add(length, target, lane.storage.pointer + start, target)
            }
            squares.set(piece, knas_dot(length, target, target))
        }
        return squares.sum
    }

    private func scaleGradient(by factor: Float) {
        let count = storage.count
        let step = Self.pieceCount
        Parallel.forEachInfallible(count: (count + step - 1) / step, threads: threads) { piece in
            let start = piece * step
            let target = self.storage.pointer + start
            knas_scale(Int64(min(step, count - start)), factor, target, target)
        }
    }

    /// A double for each piece; pieces are written by different threads.
    private final class PieceSums: @unchecked Sendable {
        private let pointer: UnsafeMutablePointer<Double>
        private let count: Int

        init(count: Int) {
            self.count = count
            pointer = .allocate(capacity: max(1, count))
            pointer.initialize(repeating: 0, count: max(1, count))
        }

        deinit { pointer.deallocate() }

        func set(_ index: Int, _ value: Double) { pointer[index] = value }
        var sum: Double { (0..<count).reduce(0) { $0 + pointer[$1] } }
    }
}
