import Foundation
import SwiftProtobuf

/// A program: `node = 1`, `name = 2`, `initializer = 5`, `input = 11`, `output = 12`.
struct GraphProto: ONNXMessage {
    static let protoMessageName = "onnx.GraphProto"
    var node: [NodeProto] = []
    var name = ""
    var initializer: [TensorProto] = []
    var input: [ValueInfoProto] = []
    var output: [ValueInfoProto] = []
    var unknownFields = UnknownStorage()

    init() {}

    mutating func decodeMessage<D: Decoder>(decoder: inout D) throws {
        while let field = try decoder.nextFieldNumber() {
            switch field {
            case 1: try decoder.decodeRepeatedMessageField(value: &node)
            case 2: try decoder.decodeSingularStringField(value: &name)
            case 5: try decoder.decodeRepeatedMessageField(value: &initializer)
            case 11: try decoder.decodeRepeatedMessageField(value: &input)
            case 12: try decoder.decodeRepeatedMessageField(value: &output)
            default: break
            }
        }
    }

    func traverse<V: Visitor>(visitor: inout V) throws {
        try visitor.visitRepeatedMessageField(value: node, fieldNumber: 1)
        try visitor.visitSingularStringField(value: name, fieldNumber: 2)
        try visitor.visitRepeatedMessageField(value: initializer, fieldNumber: 5)
        try visitor.visitRepeatedMessageField(value: input, fieldNumber: 11)
        try visitor.visitRepeatedMessageField(value: output, fieldNumber: 12)
        try unknownFields.traverse(visitor: &visitor)
    }
}

/// One operator applied: `input = 1`, `output = 2`, `name = 3`, `op_type = 4`, `attribute = 5`.
struct NodeProto: ONNXMessage {
    static let protoMessageName = "onnx.NodeProto"
    var input: [String] = []
    var output: [String] = []
    var name = ""
    var opType = ""
    var attribute: [AttributeProto] = []
    var unknownFields = UnknownStorage()

    init() {}

    mutating func decodeMessage<D: Decoder>(decoder: inout D) throws {
        while let field = try decoder.nextFieldNumber() {
            switch field {
            case 1: try decoder.decodeRepeatedStringField(value: &input)
            case 2: try decoder.decodeRepeatedStringField(value: &output)
            case 3: try decoder.decodeSingularStringField(value: &name)
            case 4: try decoder.decodeSingularStringField(value: &opType)
            case 5: try decoder.decodeRepeatedMessageField(value: &attribute)
            default: break
            }
        }
    }

    func traverse<V: Visitor>(visitor: inout V) throws {
        try visitor.visitRepeatedStringField(value: input, fieldNumber: 1)
        try visitor.visitRepeatedStringField(value: output, fieldNumber: 2)
        try visitor.visitSingularStringField(value: name, fieldNumber: 3)
        try visitor.visitSingularStringField(value: opType, fieldNumber: 4)
        try visitor.visitRepeatedMessageField(value: attribute, fieldNumber: 5)
        try unknownFields.traverse(visitor: &visitor)
    }
}

/// A setting of an operator: `name = 1`, one of `f = 2`, `i = 3` and `ints = 8`, and which of them in
/// `type = 20`.
struct AttributeProto: ONNXMessage {
    static let protoMessageName = "onnx.AttributeProto"
    /// Values of `type`.
    enum Kind { static let float: Int32 = 1, integer: Int32 = 2, integers: Int32 = 7 }

    var name = ""
    var float: Float?
    var integer: Int64?
    var integers: [Int64] = []
    var type: Int32 = 0
    var unknownFields = UnknownStorage()

    init() {}

    /// An attribute of type FLOAT.
    init(_ name: String, _ value: Float) {
        (self.name, float, type) = (name, value, Kind.float)
    }
    /// An attribute of type INT.
    init(_ name: String, _ value: Int) {
        (self.name, integer, type) = (name, Int64(value), Kind.integer)
    }
    /// An attribute of type INTS.
    init(_ name: String, _ values: [Int]) {
        (self.name, integers, type) = (name, values.map(Int64.init), Kind.integers)
    }

    mutating func decodeMessage<D: Decoder>(decoder: inout D) throws {
        while let field = try decoder.nextFieldNumber() {
            switch field {
            case 1: try decoder.decodeSingularStringField(value: &name)
            case 2: try decoder.decodeSingularFloatField(value: &float)
            case 3: try decoder.decodeSingularInt64Field(value: &integer)
            case 8: try decoder.decodeRepeatedInt64Field(value: &integers)
            case 20: try decoder.decodeSingularInt32Field(value: &type)
            default: break
            }
        }
    }

    func traverse<V: Visitor>(visitor: inout V) throws {
        try visitor.visitSingularStringField(value: name, fieldNumber: 1)
        if let float { try visitor.visitSingularFloatField(value: float, fieldNumber: 2) }
        if let integer { try visitor.visitSingularInt64Field(value: integer, fieldNumber: 3) }
        if !integers.isEmpty {
            try visitor.visitRepeatedInt64Field(value: integers, fieldNumber: 8)
        }
        try visitor.visitSingularInt32Field(value: type, fieldNumber: 20)
        try unknownFields.traverse(visitor: &visitor)
    }
}
