import Graphs
import ONNXProtobuf

/// Collects the nodes and numbers of an ONNX graph; every value has its own name.
final class ONNXBuilder {
    /// LayerNormalization came with operator set 17, which goes with format version 8.
    static let opset = 17
    static let irVersion = 8

    private(set) var nodes: [NodeProto] = []
    private(set) var initializers: [TensorProto] = []
    private(set) var inputs: [ValueInfoProto] = []
    private(set) var outputs: [ValueInfoProto] = []
    private var initializerNames: Set<String> = []
    private var counts: [String: Int] = [:]

    // MARK: Interface

    /// Declares an input.
    func input(
        _ name: String, type: TensorProto.DataType, _ dimensions: [TensorShapeProto.Dimension]
    ) -> String {
        inputs.append(ValueInfoProto(name, type: type, dimensions: dimensions))
        return name
    }

    /// Declares an output of floats.
    func output(
        _ name: String, from value: String, _ dimensions: [TensorShapeProto.Dimension]
    ) {
        add("Identity", [value], outputs: [name])
        outputs.append(ValueInfoProto(name, type: .float, dimensions: dimensions))
    }

    // MARK: Nodes

    /// A node with one output, whose name is given back.
    func node(
        _ type: String, _ inputs: String..., attributes: [AttributeProto] = []
    ) -> String {
        node(type, inputs, attributes: attributes)
    }

    /// A node with one output, whose name is given back.
    func node(
        _ type: String, _ inputs: [String], attributes: [AttributeProto] = []
    ) -> String {
        let name = unique(type)
        add(type, inputs, attributes: attributes, outputs: [name])
        return name
    }

    /// A node with several outputs.
    func node(
        _ type: String, _ inputs: [String], attributes: [AttributeProto] = [], outputCount: Int
    ) -> [String] {
        let names = (0..<outputCount).map { _ in unique(type) }
        add(type, inputs, attributes: attributes, outputs: names)
        return names
    }

    private func add(
        _ type: String, _ inputs: [String], attributes: [AttributeProto] = [], outputs: [String]
    ) {
        var node = NodeProto()
        node.opType = type
        node.input = inputs
        node.output = outputs
        node.attribute = attributes
        node.name = "node_\(outputs[0])"
        nodes.append(node)
    }

    private func unique(_ type: String) -> String {
        counts[type, default: 0] += 1
        return "\(type.lowercased())_\(counts[type]!)"
    }

    /// `value` as another type.
    func cast(_ value: String, to type: TensorProto.DataType) -> String {
        node("Cast", value, attributes: [AttributeProto("to", type.rawValue)])
    }

    // MARK: Numbers

    /// A tensor that is created when its name is first requested.
    func initializer(_ name: String, _ make: () -> TensorProto) -> String {
        if initializerNames.insert(name).inserted { initializers.append(make()) }
        return name
    }

    /// A list of integers, e.g. axes, under a name that says what they are or, if short, which.
    func integers(_ values: [Int], named name: String? = nil) -> String {
        let name = name ?? "ints_" + values.map(String.init).joined(separator: "_")
        return initializer(name) {
            TensorProto(name, shape: [values.count], integers: values)
        }
    }

    /// One integer without dimensions.
    func integer(_ value: Int) -> String {
        let name = "int_\(value)"
        return initializer(name) { TensorProto(name, shape: [], integers: [value]) }
    }

    /// One float without dimensions.
    func float(_ value: Float) -> String {
        let name = "float_\(value)"
        return initializer(name) { TensorProto(name, shape: [], floats: [value]) }
    }
}

extension ONNXBuilder {
    /// The finished file.
    func model(name: String, metadata: [String: String]) -> ModelProto {
        var graph = GraphProto()
        graph.name = name
        graph.node = nodes
        graph.initializer = initializers
        graph.input = inputs
        graph.output = outputs
        var operators = OperatorSetIdProto()
        operators.version = Int64(Self.opset)
        var model = ModelProto()
        model.irVersion = Int64(Self.irVersion)
        model.producerName = "knas"
        model.graph = graph
        model.opsetImport = [operators]
        model.metadataProps = metadata.sorted { $0.key < $1.key }.map { key, value in
            var entry = StringStringEntryProto()
            (entry.key, entry.value) = (key, value)
            return entry
        }
        return model
    }
}
