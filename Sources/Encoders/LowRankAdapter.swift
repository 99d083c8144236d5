import Graphs

/// A product of two small matrices that is trained beside the frozen weight of a linear layer (LoRA, Hu et al., ICLR
/// 2022, equation 3): `y = W x + b + s B A x`, with `A` `[rank, in]` and `B` `[out, rank]`, which begins at zero.
///
/// Where a checkpoint's query, key and value are one layer here, they share `A`.
public struct LowRankAdapter: Sendable {
    /// How large adapters are, and what they count.
    public struct Shape: Hashable, Sendable {
        public let rank: Int
        /// What `B A x` is multiplied by.
        public let factor: Float

        /// - Parameter factor: by default 2, the usual `alpha` of twice the rank.
        public init(rank: Int, factor: Float = 2) {
            self.rank = rank
            self.factor = factor
        }
    }

    /// The weight beside it.
    let weight: ParameterID
    private let shape: Shape
    private let down: ParameterID
    private let up: ParameterID
    private let scale: ParameterID
    private let shift: ParameterID

    /// Adds the two matrices, or finds those of a layer that shares its weights.
    init(
        _ shape: Shape, beside weight: ParameterID, _ name: String, into graph: inout GraphBuilder
    ) {
        self.shape = shape
        self.weight = weight
        let beside = graph.parameters[weight.index].shape
        let (width, inputs) = (beside[0], beside[1])
        func parameter(
            _ name: String, _ shape: [Int], _ start: Initialization, trainable: Bool = true
        ) -> ParameterID {
            graph.parameter(named: name)
                ?? graph.parameter(name, shape, start, trainable: trainable)
        }
        down = parameter(
            "\(name).lora_A.weight", [shape.rank, inputs],
            .uniform(bound: 1 / Float(inputs).squareRoot()))
        up = parameter("\(name).lora_B.weight", [width, shape.rank], .zeros)
        scale = parameter(
            "\(name).lora.scale", [shape.rank], .constant(shape.factor), trainable: false)
        shift = parameter("\(name).lora.shift", [shape.rank], .zeros, trainable: false)
    }

    /// `s B A x`.
    func lower(_ x: Value, into graph: inout GraphBuilder) -> Value {
        let low = graph.linear(x, weight: down, bias: nil)
        // On the few columns, where it costs next to nothing.
        let scaled = graph.affine(low, scale: scale, shift: shift)
        return graph.linear(scaled, weight: up, bias: nil)
    }

    /// Sets the weight of a graph without adapters to `W + s B A`.
    func merge(_ tuned: ParameterSet, into plain: ParameterSet) {
        let values = plain.memory(tuned.layout.parameters[weight.index].name)
        let (inputs, outputs) = (tuned.pointer(down), tuned.pointer(up))
        let rank = shape.rank
        let count = tuned.layout.parameters[down.index].shape[1]
        for row in 0..<values.count / count {
            for part in 0..<rank {
                let share = shape.factor * outputs[row * rank + part]
                for column in 0..<count {
                    values[row * count + column] += share * inputs[part * count + column]
                }
            }
        }
    }
}
