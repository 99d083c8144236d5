/// Builds a ``Graph`` node by node; shapes are checked as they are made.
///
/// A wrong shape is a programmer's mistake and stops the program; user input (genotypes, encoder
/// configurations) is checked before it gets here.
public struct GraphBuilder {
    public private(set) var nodes: [Node] = []
    public private(set) var parameters: [Parameter] = []
    private var names: [String: ParameterID] = [:]
    private var prefix: [String] = []
    /// Sequences per example.
    public let segments: Int

    public init(segments: Int) {
        precondition(segments == 1 || segments == 2, "an example has one or two segments")
        self.segments = segments
    }

    /// The finished graph, without nodes that the output does not need.
    ///
    /// Mutating only so that the compiler refuses to make the output's nodes while the graph is built.
    public mutating func build(output: Value) -> Graph {
        var needed = Array(repeating: false, count: nodes.count)
        needed[output.node] = true
        for index in nodes.indices.reversed() where needed[index] {
            for input in nodes[index].inputs { needed[input] = true }
        }
        var place = Array(repeating: -1, count: nodes.count)
        var kept: [Node] = []
        for index in nodes.indices where needed[index] {
            place[index] = kept.count
            let node = nodes[index]
            kept.append(
                Node(
                    primitive: node.primitive, inputs: node.inputs.map { place[$0] },
                    width: node.width, space: node.space))
        }
        return Graph(
            nodes: kept, parameters: parameters,
            output: Value(node: place[output.node], width: output.width, space: output.space),
            segments: segments)
    }

    /// Prefixes the names of all parameters made in `body` with `name.`.
    public mutating func scope<Result>(
        _ name: String, _ body: (inout GraphBuilder) throws -> Result
    ) rethrows -> Result {
        prefix.append(name)
        defer { prefix.removeLast() }
        return try body(&self)
    }

    /// A new parameter; names are unique in a graph.
    public mutating func parameter(
        _ name: String, _ shape: [Int], _ initialization: Initialization, trainable: Bool = true
    ) -> ParameterID {
        let fullName = (prefix + [name]).joined(separator: ".")
        precondition(names[fullName] == nil, "two parameters are called \(fullName)")
        let id = ParameterID(index: parameters.count)
        parameters.append(
            Parameter(
                name: fullName, shape: shape, initialization: initialization,
                isTrainable: trainable))
        names[fullName] = id
        return id
    }

    /// A parameter made before under a name in the same scope, so that nodes can share it.
    public func parameter(named name: String) -> ParameterID? {
        names[(prefix + [name]).joined(separator: ".")]
    }

    private mutating func add(
        _ primitive: Primitive, _ inputs: [Value], width: Int, space: RowSpace
    ) -> Value {
        nodes.append(
            Node(
                primitive: primitive, inputs: inputs.map(\.node), width: width, space: space))
        return Value(node: nodes.count - 1, width: width, space: space)
    }

    // MARK: Sources

    /// Rows given from outside, `[tokens, width]`.
    public mutating func input(slot: Int, width: Int, space: RowSpace = .tokens) -> Value {
        add(.input(slot: slot), [], width: width, space: space)
    }

    /// Rows of `table` `[entries, width]`, one per token or, for distances, one per distance.
    public mutating func embedding(
        table: ParameterID, by attribute: TokenAttribute
    ) -> Value {
        let shape = parameters[table.index].shape
        var space = RowSpace.tokens
        if case .distance(let buckets) = attribute {
            precondition(shape[0] == buckets.count, "\(buckets) in a table of \(shape[0]) rows")
            space = .distances
        }
        return add(
            .embedding(table: table, by: attribute), [], width: shape[1], space: space)
    }

    // MARK: Layers with parameters

    /// A linear layer `[rows, x.width]` to `[rows, width]` with new parameters `weight` `[width,
    /// x.width]` and `bias` `[width]` under `name`, uniform within `1 / sqrt(x.width)` (PyTorch's
    /// `nn.Linear`) unless told otherwise.
    public mutating func linear(
        _ x: Value, to width: Int, name: String, bias: Bool = true,
        initialization: Initialization? = nil, biasInitialization: Initialization? = nil
    ) -> Value {
        let standard = Initialization.uniform(bound: 1 / Float(x.width).squareRoot())
        let weight = parameter(
            "\(name).weight", [width, x.width], initialization ?? standard)
        let shift =
            bias ? parameter("\(name).bias", [width], biasInitialization ?? standard) : nil
        return linear(x, weight: weight, bias: shift)
    }

    /// A linear layer with parameters made before.
    public mutating func linear(_ x: Value, weight: ParameterID, bias: ParameterID?) -> Value {
        let shape = parameters[weight.index].shape
        precondition(shape.count == 2 && shape[1] == x.width, "linear: \(shape) on \(x.width)")
        return add(.linear(weight: weight, bias: bias), [x], width: shape[0], space: x.space)
    }

    /// Layer norm with new parameters `weight` and `bias` under `name`.
    public mutating func layerNorm(
        _ x: Value, name: String, epsilon: Float = 1e-5
    ) -> Value {
        let gain = parameter("\(name).weight", [x.width], .ones)
        let bias = parameter("\(name).bias", [x.width], .zeros)
        return layerNorm(x, gain: gain, bias: bias, epsilon: epsilon)
    }

    /// A parameter that is never trained.
    public mutating func frozen(
        _ name: String, _ shape: [Int], _ initialization: Initialization
    ) -> ParameterID {
        parameter(name, shape, initialization, trainable: false)
    }

    /// `factor * x`; no node at all if the factor is one.
    public mutating func scale(_ x: Value, by factor: Float, name: String) -> Value {
        guard factor != 1 else { return x }
        let scale = frozen("\(name).scale", [x.width], .constant(factor))
        let shift = frozen("\(name).shift", [x.width], .zeros)
        return affine(x, scale: scale, shift: shift)
    }

    /// Layer norm whose gain stays one and whose bias stays zero.
    public mutating func unweightedLayerNorm(
        _ x: Value, name: String, epsilon: Float = 1e-5
    ) -> Value {
        let gain = parameter("\(name).weight", [x.width], .ones, trainable: false)
        let bias = parameter("\(name).bias", [x.width], .zeros, trainable: false)
        return layerNorm(x, gain: gain, bias: bias, epsilon: epsilon)
    }

    /// Layer norm with parameters made before.
    public mutating func layerNorm(
        _ x: Value, gain: ParameterID, bias: ParameterID, epsilon: Float
    ) -> Value {
        add(
            .layerNorm(gain: gain, bias: bias, epsilon: epsilon), [x], width: x.width,
            space: x.space)
    }

    /// A depthwise convolution along each sequence with new parameters `weight` `[kernel, width]`
    /// and `bias` `[width]` under `name`.
    public mutating func depthwiseConvolution(
        _ x: Value, kernel: Int, name: String
    ) -> Value {
        precondition(kernel % 2 == 1 && x.space == .tokens, "an odd kernel over tokens")
        let standard = Initialization.uniform(bound: 1 / Float(kernel).squareRoot())
        let weight = parameter("\(name).weight", [kernel, x.width], standard)
        let bias = parameter("\(name).bias", [x.width], standard)
        return add(
            .depthwiseConvolution(weight: weight, bias: bias, kernel: kernel), [x],
            width: x.width, space: .tokens)
    }

    /// `x * scale + shift` with parameters made before, each `[width]`.
    public mutating func affine(_ x: Value, scale: ParameterID, shift: ParameterID) -> Value {
        add(.affine(scale: scale, shift: shift), [x], width: x.width, space: x.space)
    }

    /// Standardisation, feature by feature, with frozen parameters `scale` and `shift` under `name`
    /// that a calibration batch decides (``Executor/calibrate(_:parameters:)``).
    public mutating func standardize(_ x: Value, name: String) -> Value {
        let scale = parameter("\(name).scale", [x.width], .calibratedScale, trainable: false)
        let shift = parameter("\(name).shift", [x.width], .calibratedShift, trainable: false)
        return affine(x, scale: scale, shift: shift)
    }

    /// A softmax-weighted sum of values of one shape; the new parameter is `name`.
    public mutating func mix(_ values: [Value], name: String) -> Value {
        precondition(!values.isEmpty && values.allSatisfy { $0.width == values[0].width })
        let weights = parameter(name, [values.count], .zeros)
        return add(
            .mix(weights: weights), values, width: values[0].width, space: values[0].space)
    }

    // MARK: Layers without parameters

    public mutating func activation(_ x: Value, _ kind: Activation) -> Value {
        add(.activation(kind), [x], width: x.width, space: x.space)
    }

    /// Attention over packed rows `[q | k | v]`, `[tokens, 3 width]` to `[tokens, width]`.
    public mutating func attention(
        _ packed: Value, heads: Int, source: AttentionSource = .own
    ) -> Value {
        precondition(packed.space == .tokens && packed.width % (3 * heads) == 0)
        precondition(source == .own || segments == 2, "only pairs have partners")
        return add(
            .attention(heads: heads, source: source), [packed], width: packed.width / 3,
            space: .tokens)
    }

    /// Attention over packed rows `[q | k | v]`, `[tokens, 3 width]` to `[tokens, width]`, with what
    /// distances add to the scores: keys and queries `[distances, width]`, biases `[distances, heads]`.
    public mutating func relativeAttention(
        _ packed: Value, heads: Int, keys: Value? = nil, queries: Value? = nil, bias: Value? = nil
    ) -> Value {
        precondition(packed.space == .tokens && packed.width % (3 * heads) == 0)
        let width = packed.width / 3
        var terms: DistanceTerms = []
        if let keys {
            precondition(keys.space == .distances && keys.width == width)
            terms.insert(.keys)
        }
        if let queries {
            precondition(queries.space == .distances && queries.width == width)
            terms.insert(.queries)
        }
        if let bias {
            precondition(bias.space == .distances && bias.width == heads)
            terms.insert(.bias)
        }
        return add(
            .relativeAttention(heads: heads, terms: terms),
            [packed] + [keys, queries, bias].compactMap { $0 }, width: width, space: .tokens)
    }

    public mutating func unfold(_ x: Value, kernel: Int) -> Value {
        precondition(kernel % 2 == 1 && x.space == .tokens, "an odd kernel over tokens")
        return add(.unfold(kernel: kernel), [x], width: kernel * x.width, space: .tokens)
    }

    public mutating func pool(_ x: Value, _ kind: Pooling) -> Value {
        precondition(x.space == .tokens)
        return add(.pool(kind), [x], width: x.width, space: .sequences)
    }

    /// Attention pooling with scores `[tokens, 1]`.
    public mutating func attentionPool(scores: Value, _ x: Value) -> Value {
        precondition(x.space == .tokens && scores.space == .tokens && scores.width == 1)
        return add(.attentionPool, [scores, x], width: x.width, space: .sequences)
    }

    /// The rows of segment `index` of every example.
    public mutating func segment(_ x: Value, _ index: Int) -> Value {
        precondition(x.space == .sequences && index < segments)
        return add(.segment(index), [x], width: x.width, space: .examples)
    }

    public mutating func binary(_ operation: BinaryOperation, _ a: Value, _ b: Value) -> Value {
        precondition(a.width == b.width && a.space == b.space, "\(operation): shapes differ")
        return add(.binary(operation), [a, b], width: a.width, space: a.space)
    }

    public mutating func concatenate(_ values: [Value]) -> Value {
        precondition(!values.isEmpty && values.allSatisfy { $0.space == values[0].space })
        return add(
            .concatenate, values, width: values.reduce(0) { $0 + $1.width },
            space: values[0].space)
    }

    /// Dropout; no node at all if `rate` is zero.
    public mutating func dropout(_ x: Value, rate: Float) -> Value {
        precondition(rate >= 0 && rate < 1)
        return rate == 0 ? x : add(.dropout(rate: rate), [x], width: x.width, space: x.space)
    }
}
