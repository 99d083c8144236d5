import Foundation
import SwiftProtobuf

/// Numbers: `dims = 1`, `data_type = 2`, `name = 8`, `raw_data = 9` (little-endian, row-major).
struct TensorProto: ONNXMessage {
    static let protoMessageName = "onnx.TensorProto"
    /// Values of `data_type`.
    enum Element {
        static let float: Int32 = 1, int64: Int32 = 7, bool: Int32 = 9, float16: Int32 = 10
    }

    var dims: [Int64] = []
    var dataType: Int32 = 0
    var name = ""
    var rawData = Data()
    var unknownFields = UnknownStorage()

    init() {}

    init(_ name: String, shape: [Int], type: Int32, rawData: Data) {
        self.name = name
        dims = shape.map(Int64.init)
        dataType = type
        self.rawData = rawData
    }

    /// Integers.
    init(_ name: String, shape: [Int], integers: [Int]) {
        self.init(
            name, shape: shape, type: Element.int64,
            rawData: integers.map { Int64($0).littleEndian }.withUnsafeBytes { Data($0) })
    }

    /// Floats.
    init(_ name: String, shape: [Int], floats: [Float]) {
        self.init(
            name, shape: shape, type: Element.float,
            rawData: floats.map(\.bitPattern.littleEndian).withUnsafeBytes { Data($0) })
    }

    mutating func decodeMessage<D: Decoder>(decoder: inout D) throws {
        while let field = try decoder.nextFieldNumber() {
            switch field {
            case 1: try decoder.decodeRepeatedInt64Field(value: &dims)
            case 2: try decoder.decodeSingularInt32Field(value: &dataType)
            case 8: try decoder.decodeSingularStringField(value: &name)
            case 9: try decoder.decodeSingularBytesField(value: &rawData)
            default: break
            }
        }
    }

    func traverse<V: Visitor>(visitor: inout V) throws {
        if !dims.isEmpty { try visitor.visitRepeatedInt64Field(value: dims, fieldNumber: 1) }
        try visitor.visitSingularInt32Field(value: dataType, fieldNumber: 2)
        try visitor.visitSingularStringField(value: name, fieldNumber: 8)
        try visitor.visitSingularBytesField(value: rawData, fieldNumber: 9)
        try unknownFields.traverse(visitor: &visitor)
    }
}
