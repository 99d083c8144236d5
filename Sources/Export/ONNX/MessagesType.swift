import SwiftProtobuf

/// An input or output: `name = 1`, `type = 2`.
struct ValueInfoProto: ONNXMessage {
    static let protoMessageName = "onnx.ValueInfoProto"
    var name = ""
    var type: TypeProto?
    var unknownFields = UnknownStorage()

    init() {}

    init(_ name: String, element: Int32, dimensions: [TensorShapeProto.Dimension]) {
        self.name = name
        type = TypeProto(element: element, shape: TensorShapeProto(dimensions))
    }

    mutating func decodeMessage<D: Decoder>(decoder: inout D) throws {
        while let field = try decoder.nextFieldNumber() {
            switch field {
            case 1: try decoder.decodeSingularStringField(value: &name)
            case 2: try decoder.decodeSingularMessageField(value: &type)
            default: break
            }
        }
    }

    func traverse<V: Visitor>(visitor: inout V) throws {
        try visitor.visitSingularStringField(value: name, fieldNumber: 1)
        if let type { try visitor.visitSingularMessageField(value: type, fieldNumber: 2) }
        try unknownFields.traverse(visitor: &visitor)
    }
}

/// A type, here always a tensor's: `tensor_type = 1`.
struct TypeProto: ONNXMessage {
    static let protoMessageName = "onnx.TypeProto"
    var tensorType: Tensor?
    var unknownFields = UnknownStorage()

    init() {}

    init(element: Int32, shape: TensorShapeProto) {
        var tensor = Tensor()
        tensor.elementType = element
        tensor.shape = shape
        tensorType = tensor
    }

    mutating func decodeMessage<D: Decoder>(decoder: inout D) throws {
        while let field = try decoder.nextFieldNumber() {
            if field == 1 { try decoder.decodeSingularMessageField(value: &tensorType) }
        }
    }

    func traverse<V: Visitor>(visitor: inout V) throws {
        if let tensorType {
            try visitor.visitSingularMessageField(value: tensorType, fieldNumber: 1)
        }
        try unknownFields.traverse(visitor: &visitor)
    }

    /// `elem_type = 1`, `shape = 2`.
    struct Tensor: ONNXMessage {
        static let protoMessageName = "onnx.TypeProto.Tensor"
        var elementType: Int32 = 0
        var shape: TensorShapeProto?
        var unknownFields = UnknownStorage()

        init() {}

        mutating func decodeMessage<D: Decoder>(decoder: inout D) throws {
            while let field = try decoder.nextFieldNumber() {
                switch field {
                case 1: try decoder.decodeSingularInt32Field(value: &elementType)
                case 2: try decoder.decodeSingularMessageField(value: &shape)
                default: break
                }
            }
        }

        func traverse<V: Visitor>(visitor: inout V) throws {
            try visitor.visitSingularInt32Field(value: elementType, fieldNumber: 1)
            if let shape { try visitor.visitSingularMessageField(value: shape, fieldNumber: 2) }
            try unknownFields.traverse(visitor: &visitor)
        }
    }
}

/// A shape: `dim = 1`.
struct TensorShapeProto: ONNXMessage {
    static let protoMessageName = "onnx.TensorShapeProto"
    var dimensions: [Dimension] = []
    var unknownFields = UnknownStorage()

    init() {}
    init(_ dimensions: [Dimension]) { self.dimensions = dimensions }

    mutating func decodeMessage<D: Decoder>(decoder: inout D) throws {
        while let field = try decoder.nextFieldNumber() {
            if field == 1 { try decoder.decodeRepeatedMessageField(value: &dimensions) }
        }
    }

    func traverse<V: Visitor>(visitor: inout V) throws {
        try visitor.visitRepeatedMessageField(value: dimensions, fieldNumber: 1)
        try unknownFields.traverse(visitor: &visitor)
    }

    /// A size that is fixed, `dim_value = 1`, or has a name, `dim_param = 2`.
    struct Dimension: ONNXMessage {
        static let protoMessageName = "onnx.TensorShapeProto.Dimension"
        var value: Int64?
        var parameter: String?
        var unknownFields = UnknownStorage()

        init() {}
        static func fixed(_ size: Int) -> Self {
            var result = Self()
            result.value = Int64(size)
            return result
        }
        static func named(_ name: String) -> Self {
            var result = Self()
            result.parameter = name
            return result
        }

        mutating func decodeMessage<D: Decoder>(decoder: inout D) throws {
            while let field = try decoder.nextFieldNumber() {
                switch field {
                case 1: try decoder.decodeSingularInt64Field(value: &value)
                case 2: try decoder.decodeSingularStringField(value: &parameter)
                default: break
                }
            }
        }

        func traverse<V: Visitor>(visitor: inout V) throws {
            if let value { try visitor.visitSingularInt64Field(value: value, fieldNumber: 1) }
            if let parameter {
                try visitor.visitSingularStringField(value: parameter, fieldNumber: 2)
            }
            try unknownFields.traverse(visitor: &visitor)
        }
    }
}
