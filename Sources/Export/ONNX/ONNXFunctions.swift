import Foundation
import Graphs
import ONNXProtobuf

/// Elementwise functions, sums and tables, and the numbers of parameters.
extension ONNXGraphEmitter {
    /// A function of each element; operator set 17 has no node for those of the GELU family.
    func activation(_ kind: Activation, _ x: String) -> String {
        let b = builder
        switch kind {
        case .relu: return b.node("Relu", x)
        case .tanh: return b.node("Tanh", x)
        case .sigmoid: return b.node("Sigmoid", x)
        case .silu: return b.node("Mul", x, b.node("Sigmoid", x))
        case .gelu:
            let error = b.node("Erf", b.node("Div", x, b.float(Float(2).squareRoot())))
            let product = b.node("Mul", x, b.node("Add", error, b.float(1)))
            return b.node("Mul", product, b.float(0.5))
        case .geluTanh:
            // 0.5 x (1 + tanh(u)) = x sigmoid(2 u), u = sqrt(2 / pi) (x + 0.044715 x^3).
            let square = b.node("Mul", x, x)
            let slope = b.node(
                "Add", b.node("Mul", square, b.float(0.071_354_816)), b.float(1.595_769_1))
            return b.node("Mul", x, b.node("Sigmoid", b.node("Mul", x, slope)))
        }
    }

    /// A sum weighted by the softmax of a parameter, which is constant by now.
    func mix(_ values: [String], _ weights: ParameterID) -> String {
        let b = builder
        let logits = floats(weights).map(Double.init)
        let largest = logits.max() ?? 0
        let powers = logits.map { exp($0 - largest) }
        let total = powers.reduce(0, +)
        let parts = zip(values, powers).map { value, power in
            b.node("Mul", value, b.float(Float(power / total)))
        }
        return parts.dropFirst().reduce(parts[0]) { b.node("Add", $0, $1) }
    }

    /// Rows of a table; a table in float16 stays so.
    func embedding(
        _ table: ParameterID, by attribute: TokenAttribute, _ sequence: ONNXSequence
    ) -> String {
        let b = builder
        let ids =
            switch attribute {
            case .id: sequence.tokenIDs
            case .position: sequence.positions()
            case .segment: sequence.types()
            case .distance(let buckets): distanceRows(buckets, sequence)
            }
        let (values, isHalf) = storedTensor(table)
        let rows = b.node("Gather", values, ids, attributes: [AttributeProto("axis", 0)])
        return isHalf ? b.cast(rows, to: .float) : rows
    }

    // MARK: Parameters

    /// A parameter, unchanged.
    func tensor(_ id: ParameterID) -> String {
        let parameter = graph.parameters[id.index]
        let name = prefix + parameter.name
        return builder.initializer(name) {
            TensorProto(name, shape: parameter.shape, floats: floats(id))
        }
    }

    /// The matrix of a linear layer, `[in, out]`, as a product from the right needs it.
    func transposed(_ id: ParameterID) -> String {
        let parameter = graph.parameters[id.index]
        let name = "\(prefix)\(parameter.name).transposed"
        let (rows, width) = (parameter.shape[0], parameter.shape[1])
        return builder.initializer(name) {
            TensorProto(
                name, shape: [width, rows], floats: columns(of: id, rows: rows, width: width))
        }
    }

    /// The elements of a matrix column by column.
    func columns(of id: ParameterID, rows: Int, width: Int) -> [Float] {
        let source = parameters.pointer(id)
        return [Float](unsafeUninitializedCapacity: rows * width) { target, count in
            for row in 0..<rows {
                for column in 0..<width {
                    target[column * rows + row] = source[row * width + column]
                }
            }
            count = rows * width
        }
    }

    private func floats(_ id: ParameterID) -> [Float] {
        Array(
            UnsafeBufferPointer(
                start: parameters.pointer(id), count: graph.parameters[id.index].count))
    }

    /// A table in its stored type, except bfloat16, which few runtimes can gather.
    private func storedTensor(_ id: ParameterID) -> (name: String, isHalf: Bool) {
        let parameter = graph.parameters[id.index]
        let name = prefix + parameter.name
        return parameters.withStoredElements(id) { bytes, element in
            let value = builder.initializer(name) {
                switch element {
                case .float32, .float16:
                    TensorProto(
                        name, shape: parameter.shape,
                        type: element == .float16 ? .float16 : .float, rawData: Data(bytes))
                case .bfloat16:
                    TensorProto(
                        name, shape: parameter.shape,
                        floats: bytes.bindMemory(to: UInt16.self).map {
                            Float(bitPattern: UInt32($0) << 16)
                        })
                }
            }
            return (value, element == .float16)
        }
    }
}
