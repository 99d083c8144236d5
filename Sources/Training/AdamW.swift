import CKernels
import Support
import Tensors

/// Consecutive weights that are trained in the same way.
public struct ParameterGroup: Sendable, Hashable {
    /// Number of weights.
    public var count: Int
    /// What the learning rate is multiplied by.
    public var rateFactor: Float
    /// Whether weight decay applies; norms and biases usually have none.
    public var decays: Bool

    public init(count: Int, rateFactor: Float = 1, decays: Bool = true) {
        self.count = count
        self.rateFactor = rateFactor
        self.decays = decays
    }
}

/// AdamW (Loshchilov and Hutter, ICLR 2019, Algorithm 2) over one contiguous run of weights.
public final class AdamW {
    public let beta1: Float
    public let beta2: Float
    public let epsilon: Float
    /// Decoupled weight decay, on the weights of groups that decay.
    public let weightDecay: Float
    /// Running means of the gradient and of its square: the optimizer's state together with
    /// ``step``.
    public let first: FloatStorage
    public let second: FloatStorage
    /// Steps taken.
    public private(set) var step = 0
    private let pieces: [Piece]

    /// A part of a group, updated by one thread.
    private struct Piece {
        let range: Range<Int>
        let group: ParameterGroup
    }

    /// Weights in a piece: enough to be worth scheduling, few enough to stay in the cache.
    private static let pieceCount = 1 << 16

    /// - Parameter groups: the weights, group after group.
    public init(
        groups: [ParameterGroup], beta1: Float = 0.9, beta2: Float = 0.999,
        epsilon: Float = 1e-8, weightDecay: Float = 0.01
    ) {
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.weightDecay = weightDecay
        var pieces: [Piece] = []
        var position = 0
        for group in groups {
            for range in (position..<position + group.count).pieces(of: Self.pieceCount) {
                pieces.append(Piece(range: range, group: group))
            }
            position += group.count
        }
        self.pieces = pieces
        first = FloatStorage(count: position)
        second = FloatStorage(count: position)
    }

    /// Resumes from the state of another optimizer of the same groups after `step` steps.
    public func restore(step: Int, first: FloatStorage, second: FloatStorage) {
        self.step = step
        self.first.assign(from: first)
        self.second.assign(from: second)
    }

    /// Moves `weights` by one step against `gradient`, both of the optimizer's size.
    public func update(
        _ weights: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>,
        learningRate: Float, threads: Int = 1
    ) {
        step += 1
        let correction1 = 1 - power(beta1, step)
        let correction2 = 1 - power(beta2, step)
        // Pieces do not overlap.
        nonisolated(unsafe) let (weights, gradient) = (weights, gradient)
        let (first, second, pieces) = (first, second, pieces)
        let (beta1, beta2, epsilon, decay) = (beta1, beta2, epsilon, weightDecay)
        Parallel.forEach(count: pieces.count, threads: threads) { index, _ in
            let (range, group) = (pieces[index].range, pieces[index].group)
            let start = range.lowerBound
            knas_adamw(
                Int64(range.count), weights + start, gradient + start, first.pointer + start,
                second.pointer + start, learningRate * group.rateFactor, beta1, beta2, epsilon,
                group.decays ? decay : 0, correction1, correction2)
        }
    }

    private func power(_ base: Float, _ exponent: Int) -> Float {
        var result = 1.0
        var factor = Double(base)
        var rest = exponent
        while rest > 0 {
            if rest & 1 == 1 { result *= factor }
            factor *= factor
            rest >>= 1
        }
        return Float(result)
    }
}
