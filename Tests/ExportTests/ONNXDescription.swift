import Foundation
import ONNXProtobuf
import SwiftProtobuf

/// What an ONNX file says about itself, as far as this program's messages know the format.
struct ONNXDescription: Sendable {
    /// An input or output.
    struct Port: Sendable, Hashable {
        let name: String
        /// ONNX's number of the element type: 1 for float32, 7 for int64.
        let element: Int
        /// Sizes, or the names of sizes that the caller decides.
        let shape: [String]
    }

    let irVersion: Int
    let opset: Int
    let inputs: [Port]
    let outputs: [Port]
    let metadata: [String: String]
    /// Operators in the order of the nodes.
    let operators: [String]
    /// Names of numbers and their shapes.
    let initializers: [String: [Int]]
    /// Names that a node reads but no node before it writes; empty for a valid file.
    let dangling: [String]
    /// Names that are written twice; empty for a valid file.
    let repeated: [String]
    /// Numbers whose byte count does not match their shape and type; empty for a valid file.
    let wrongSizes: [String]
    /// Whether decoding and encoding give the same bytes.
    let roundTrips: Bool

    /// - Throws: SwiftProtobuf's error for bytes that are no message.
    init(_ data: Data) throws {
        let model = try ModelProto(serializedBytes: data)
        let graph = model.graph
        irVersion = Int(model.irVersion)
        opset = Int(model.opsetImport.first { $0.domain.isEmpty }?.version ?? 0)
        inputs = graph.input.map(Port.init)
        outputs = graph.output.map(Port.init)
        metadata = Dictionary(model.metadataProps.map { ($0.key, $0.value) }) { $1 }
        operators = graph.node.map(\.opType)
        initializers = Dictionary(graph.initializer.map { ($0.name, $0.dims.map { Int($0) }) }) {
            $1
        }
        var written: Set<String> = []
        var repeated: [String] = []
        var dangling: [String] = []
        for name in graph.input.map(\.name) + graph.initializer.map(\.name)
        where !written.insert(name).inserted { repeated.append(name) }
        for node in graph.node {
            dangling += node.input.filter { !written.contains($0) }
            for name in node.output where !written.insert(name).inserted { repeated.append(name) }
        }
        dangling += graph.output.map(\.name).filter { !written.contains($0) }
        self.repeated = repeated
        self.dangling = dangling
        wrongSizes = graph.initializer.filter { tensor in
            let size =
                switch TensorProto.DataType(rawValue: Int(tensor.dataType)) {
                case .float: 4
                case .float16: 2
                case .int64: 8
                default: 0
                }
            return tensor.dims.reduce(Int64(size), *) != Int64(tensor.rawData.count)
        }.map(\.name)
        let again: Data = try model.serializedData()
        roundTrips = try again == data && ModelProto(serializedBytes: again) == model
    }
}

extension ONNXDescription.Port {
    fileprivate init(_ info: ValueInfoProto) {
        name = info.name
        element = Int(info.type.tensorType.elemType)
        shape = info.type.tensorType.shape.dim.map { dimension in
            switch dimension.value {
            case .dimParam(let name): name
            case .dimValue(let size): String(size)
            case nil: "?"
            }
        }
    }
}
