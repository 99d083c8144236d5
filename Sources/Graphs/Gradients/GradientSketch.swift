import Support
import Tensors

/// Random projections that keep inner products of gradients in expectation.
///
/// The gradient of a linear layer is a sum of outer products, `D' X`. Projected on both sides by
/// matrices of random signs it has `size x size` numbers, `(D B')' (X A')`, and never exists in full
/// (LoGra, Choe et al., What is Your Data Worth to GPT?, 2024; TRAK, Park et al., ICML 2023). With
/// entries `+-1 / sqrt(size)`, `E[A' A]` is the identity, so the Gram matrix is unbiased; the error of
/// an entry falls with `1 / size`.
///
///     let sketch = GradientSketch(size: 16, key: RandomKey(seed: 1))
///     let gram = GramAccumulator(graph, examples: 64, sketch: sketch)
public struct GradientSketch: Sendable {
    /// Directions on either side.
    public let size: Int
    /// Draws them.
    let key: RandomKey

    /// - Parameters:
    ///   - size: directions on either side.
    ///   - key: draws them; the same for all passes whose Gram matrices belong together.
    /// - Precondition: the size is positive.
    public init(size: Int, key: RandomKey) {
        precondition(size > 0, "a sketch has directions")
        self.size = size
        self.key = key
    }

    /// The sides of a layer's gradient.
    enum Side: String { case inputs, outputs }

    /// The signs that one side of a layer's gradient is projected on, `[size, width]`; `nil` where the
    /// side is no wider than that and stays as it is.
    func directions(_ side: Side, of weight: ParameterID, width: Int) -> FloatStorage? {
        guard width > size else { return nil }
        var generator = key.child(weight.index).child(side.rawValue).generator()
        let storage = FloatStorage(count: size * width)
        let length = 1 / Float(size).squareRoot()
        var bits: UInt64 = 0
        for index in 0..<size * width {
            if index % 64 == 0 { bits = generator.next() }
            storage.pointer[index] = bits & 1 == 0 ? length : -length
            bits >>= 1
        }
        return storage
    }
}
