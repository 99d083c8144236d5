import SwiftProtobuf

// The parts of onnx.proto that this program writes, as protocol buffer messages with the format's own
// names and field numbers (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto); everything else is
// kept as unknown fields. Tensors stand in MessagesTensor.swift, types in MessagesType.swift.

/// What all messages here share.
protocol ONNXMessage: Message, Equatable {}

extension ONNXMessage {
    var isInitialized: Bool { true }
    func isEqualTo(message: any Message) -> Bool { (message as? Self) == self }
}

/// A file: `ir_version = 1`, `producer_name = 2`, `producer_version = 3`, `doc_string = 6`,
/// `graph = 7`, `opset_import = 8`, `metadata_props = 14`.
struct ModelProto: ONNXMessage {
    static let protoMessageName = "onnx.ModelProto"
    var irVersion: Int64 = 0
    var producerName = ""
    var producerVersion = ""
    var documentation = ""
    var graph: GraphProto?
    var opsetImport: [OperatorSetIdProto] = []
    var metadata: [StringStringEntryProto] = []
    var unknownFields = UnknownStorage()

    init() {}

    mutating func decodeMessage<D: Decoder>(decoder: inout D) throws {
        while let field = try decoder.nextFieldNumber() {
            switch field {
            case 1: try decoder.decodeSingularInt64Field(value: &irVersion)
            case 2: try decoder.decodeSingularStringField(value: &producerName)
            case 3: try decoder.decodeSingularStringField(value: &producerVersion)
            case 6: try decoder.decodeSingularStringField(value: &documentation)
            case 7: try decoder.decodeSingularMessageField(value: &graph)
            case 8: try decoder.decodeRepeatedMessageField(value: &opsetImport)
            case 14: try decoder.decodeRepeatedMessageField(value: &metadata)
            default: break
            }
        }
    }

    func traverse<V: Visitor>(visitor: inout V) throws {
        try visitor.visitSingularInt64Field(value: irVersion, fieldNumber: 1)
        try visitor.visitSingularStringField(value: producerName, fieldNumber: 2)
        try visitor.visitSingularStringField(value: producerVersion, fieldNumber: 3)
        try visitor.visitSingularStringField(value: documentation, fieldNumber: 6)
        if let graph { try visitor.visitSingularMessageField(value: graph, fieldNumber: 7) }
        try visitor.visitRepeatedMessageField(value: opsetImport, fieldNumber: 8)
        try visitor.visitRepeatedMessageField(value: metadata, fieldNumber: 14)
        try unknownFields.traverse(visitor: &visitor)
    }
}

/// A version of the operators: `domain = 1` (empty for ONNX's own), `version = 2`.
struct OperatorSetIdProto: ONNXMessage {
    static let protoMessageName = "onnx.OperatorSetIdProto"
    var domain = ""
    var version: Int64 = 0
    var unknownFields = UnknownStorage()

    init() {}

    mutating func decodeMessage<D: Decoder>(decoder: inout D) throws {
        while let field = try decoder.nextFieldNumber() {
            switch field {
            case 1: try decoder.decodeSingularStringField(value: &domain)
            case 2: try decoder.decodeSingularInt64Field(value: &version)
            default: break
            }
        }
    }

    func traverse<V: Visitor>(visitor: inout V) throws {
        try visitor.visitSingularStringField(value: domain, fieldNumber: 1)
        try visitor.visitSingularInt64Field(value: version, fieldNumber: 2)
        try unknownFields.traverse(visitor: &visitor)
    }
}

/// A line of metadata: `key = 1`, `value = 2`.
struct StringStringEntryProto: ONNXMessage {
    static let protoMessageName = "onnx.StringStringEntryProto"
    var key = ""
    var value = ""
    var unknownFields = UnknownStorage()

    init() {}

    mutating func decodeMessage<D: Decoder>(decoder: inout D) throws {
        while let field = try decoder.nextFieldNumber() {
            switch field {
            case 1: try decoder.decodeSingularStringField(value: &key)
            case 2: try decoder.decodeSingularStringField(value: &value)
            default: break
            }
        }
    }

    func traverse<V: Visitor>(visitor: inout V) throws {
        try visitor.visitSingularStringField(value: key, fieldNumber: 1)
        try visitor.visitSingularStringField(value: value, fieldNumber: 2)
        try unknownFields.traverse(visitor: &visitor)
    }
}
