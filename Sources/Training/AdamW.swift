import CKernels
import Tensors

/// AdamW (Loshchilov and Hutter, ICLR 2019, Algorithm 2) over one contiguous run of weights.
public final class AdamW {
    public let beta1: Float
    public let beta2: Float
    public let epsilon: Float
    /// Decoupled weight decay, on every weight.
    public let weightDecay: Float
    private let first: FloatStorage
    private let second: FloatStorage
    /// Steps taken.
    public private(set) var step = 0

    public init(
        count: Int, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8,
        weightDecay: Float = 0.01
    ) {
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.weightDecay = weightDecay
        first = FloatStorage(count: count)
        second = FloatStorage(count: count)
    }

    /// Moves `weights` by one step against `gradient`, both of the optimizer's size.
    public func update(
        _ weights: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>,
        learningRate: Float
    ) {
        step += 1
        let correction1 = 1 - pow(beta1, step)
        let correction2 = 1 - pow(beta2, step)
        knas_adamw(
            Int64(first.count), weights, gradient, first.pointer, second.pointer, learningRate,
            beta1, beta2, epsilon, weightDecay, correction1, correction2)
    }

    private func pow(_ base: Float, _ exponent: Int) -> Float {
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
