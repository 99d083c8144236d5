/// The closed set of operations a ``Graph`` is made of.
///
/// The executor gives each a forward pass, a backward pass and per-example parameter gradients, and
/// the exporters give each an ONNX form; a `switch` over primitives has no `default`, so the
/// compiler lists every place to extend. Shapes are written `[rows, width]`; rows are the tokens,
/// the sequences or the examples of a batch (``RowSpace``).
public enum Primitive: Hashable, Sendable {
    /// Rows given from outside, e.g. an encoder's hidden states: `[tokens, width]`.
    case input(slot: Int)
    /// Rows of a table picked by the batch's ids: `[tokens, width]`.
    case embedding(table: ParameterID, by: TokenAttribute)
    /// `y = x W' + b`, `W` being `[out, in]`.
    case linear(weight: ParameterID, bias: ParameterID?)
    /// `y = (x - mean) / sqrt(variance + epsilon) * gain + bias` over each row
    /// (Ba, Kiros and Hinton 2016).
    case layerNorm(gain: ParameterID, bias: ParameterID, epsilon: Float)
    /// A function of each element.
    case activation(Activation)
    /// Scaled dot-product attention over packed rows `[q | k | v]`, `[tokens, 3 width]` to
    /// `[tokens, width]` (Vaswani et al. 2017, eq. 1), within a sequence or towards its partner.
    case attention(heads: Int, source: AttentionSource)
    /// Attention within a sequence whose scores depend on distances too. Inputs are packed rows
    /// `[q | k | v]`, `[tokens, 3 width]`, and, as `terms` says and in this order, keys and queries
    /// `[distances, width]` and biases `[distances, heads]`; the result is `[tokens, width]`. The score of
    /// query `i` and key `j` at distance `d = i - j` is `(q_i . k_j + q_i . keys_d + k_j . queries_d) /
    /// sqrt(depth * products) + bias_d`, with as many products as there are dots
    /// (He et al. 2021, eq. 4; for the bias Raffel et al. 2020, section 2.1).
    case relativeAttention(heads: Int, terms: DistanceTerms)
    /// A convolution along each sequence with one filter per feature; weight `[kernel, width]`.
    case depthwiseConvolution(weight: ParameterID, bias: ParameterID, kernel: Int)
    /// Neighbouring rows side by side, zeros beyond the ends: `[tokens, kernel * width]`. Followed
    /// by a linear layer it is a full convolution.
    case unfold(kernel: Int)
    /// One row per sequence.
    case pool(Pooling)
    /// One row per sequence: the mean weighted by a softmax of the first input, `[tokens, 1]`, of
    /// the second, `[tokens, width]`.
    case attentionPool
    /// The rows of one segment of every example: `[sequences, width]` to `[examples, width]`.
    case segment(Int)
    /// Two inputs of the same shape, element by element.
    case binary(BinaryOperation)
    /// Inputs side by side.
    case concatenate
    /// Zeroes elements at random and scales the rest, in training only (Srivastava et al. 2014).
    case dropout(rate: Float)
    /// `y = x * scale + shift`, feature by feature.
    case affine(scale: ParameterID, shift: ParameterID)
    /// A sum of inputs of the same shape weighted by the softmax of a parameter
    /// (scalar mix, Peters et al. 2018, eq. 1, without the overall factor).
    case mix(weights: ParameterID)
}

/// What the rows of a value are.
public enum RowSpace: Hashable, Sendable {
    /// One row per token, sequences one after another without padding.
    case tokens
    /// One row per sequence; the segments of an example are adjacent.
    case sequences
    /// One row per example.
    case examples
    /// One row per distance between two tokens of a sequence: `2 n - 1` rows of `n` tokens, for
    /// query minus key from `1 - n` to `n - 1`, sequences one after another.
    case distances
}

/// An integer that the batch gives for every token.
public enum TokenAttribute: Hashable, Sendable {
    case id
    case position
    case segment
    /// Instead, one for every distance between two tokens of a sequence: the row of a table.
    case distance(DistanceBuckets)
}

/// Elementwise functions.
public enum Activation: String, Hashable, Sendable, CaseIterable {
    case relu
    /// `x * Phi(x)`, exact (Hendrycks and Gimpel 2016).
    case gelu
    /// The tanh approximation of GELU.
    case geluTanh = "gelu-tanh"
    case silu
    case tanh
    case sigmoid
}

/// Which sequence the keys and values come from.
public enum AttentionSource: Hashable, Sendable {
    /// The query's own sequence.
    case own
    /// The other segment of the same example.
    case partner
}

/// Ways to make one row of a sequence's rows.
public enum Pooling: String, Hashable, Sendable, CaseIterable {
    case first
    case mean
    case max
}

/// Elementwise functions of two values.
public enum BinaryOperation: Hashable, Sendable {
    case add
    case subtract
    case multiply
    case absoluteDifference
}
