import CKernels
import Graphs
import Support
import Tensors

/// A step's gradient, computed in parts on several threads.
///
/// Each lane sums the gradients of its parts in order, and the lanes are summed in order: the result
/// does not depend on the number of threads.
final class GradientLanes: @unchecked Sendable {
    /// The weights.
    let parameters: ParameterSet
    private let clipNorm: Float
    private let threads: Int
    private let executors: [Executor]
    private let lanes: [LaneGradient]
    /// The weights in bfloat16, where training is in mixed precision.
    private let mixed: MixedPrecisionWeights?
    /// The weights that a thread sums at a time, piece by piece.
    private let pieces: [Range<Int>]

    /// - Parameters:
    ///   - parameters: of `graph`, or of one that `graph` is a part of.
    ///   - clipNorm: the largest Euclidean norm of a step's gradient.
    ///   - precision: what the products of linear layers are computed in.
    /// - Throws: `BadOption` where the precision cannot be had.
    init(
        _ graph: Graph, _ parameters: ParameterSet, clipNorm: Float, precision: Precision,
        threads: Int
    ) throws {
        self.parameters = parameters
        self.clipNorm = clipNorm
        self.threads = max(1, min(threads, MicroBatches.lanes))
        let mixed = precision == .bfloat16 ? try MixedPrecisionWeights(graph, parameters) : nil
        self.mixed = mixed
        executors = (0..<self.threads).map { _ in Executor(graph, mixed: mixed) }
        lanes = (0..<MicroBatches.lanes).map { _ in LaneGradient(parameters.layout) }
        pieces = (0..<lanes[0].storage.count).pieces(of: 1 << 16)
    }

    /// The gradient after ``compute(_:)``, clipped.
    var storage: FloatStorage { lanes[0].storage }

    /// Computes a step's gradient with the weights as they are now.
    /// - Parameter body: adds the gradient of a lane's parts, in order.
    /// - Returns: what `body` returned for each lane.
    func compute<Result: Sendable>(
        _ body: @Sendable (_ lane: Int, Executor, LaneGradient) throws -> Result
    ) throws -> [Result] {
        mixed?.round(threads: threads)
        let results = try Parallel.map(count: lanes.count, threads: threads) { lane, thread in
            self.lanes[lane].startOver()
            let result = try body(lane, self.executors[thread], self.lanes[lane])
            self.lanes[lane].finish()
            return result
        }
        let norm = Float(sumLanes().squareRoot())
        if norm > clipNorm { scale(by: clipNorm / norm) }
        return results
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

    private func scale(by factor: Float) {
        Parallel.forEach(count: pieces.count, threads: threads) { place, _ in
            let target = self.storage.pointer + self.pieces[place].lowerBound
            knas_scale(Int64(self.pieces[place].count), factor, target, target)
        }
    }
}
