import Foundation
import ONNXProtobuf

extension TensorProto {
    /// Numbers in the order of rows.
    init(_ name: String, shape: [Int], type: DataType, rawData: Data) {
        self.init()
        self.name = name
        dims = shape.map(Int64.init)
        dataType = type.number
        self.rawData = rawData
    }

    /// Integers.
    init(_ name: String, shape: [Int], integers: [Int]) {
        self.init(
            name, shape: shape, type: .int64,
            rawData: integers.map { Int64($0).littleEndian }.withUnsafeBytes { Data($0) })
    }

    /// Floats.
    init(_ name: String, shape: [Int], floats: [Float]) {
        self.init(
            name, shape: shape, type: .float,
            rawData: floats.map(\.bitPattern.littleEndian).withUnsafeBytes { Data($0) })
    }
}

extension TensorProto.DataType {
    /// The plain number that messages hold for a type.
    var number: Int32 { Int32(rawValue) }
}

extension AttributeProto {
    init(_ name: String, _ value: Float) {
        self.init()
        (self.name, f, type) = (name, value, .float)
    }

    init(_ name: String, _ value: Int) {
        self.init()
        (self.name, i, type) = (name, Int64(value), .int)
    }

    init(_ name: String, _ values: [Int]) {
        self.init()
        (self.name, ints, type) = (name, values.map(Int64.init), .ints)
    }
}

extension ValueInfoProto {
    /// An input or output that is a tensor.
    init(_ name: String, type: TensorProto.DataType, dimensions: [TensorShapeProto.Dimension]) {
        self.init()
        self.name = name
        self.type.tensorType.elemType = type.number
        self.type.tensorType.shape.dim = dimensions
    }
}

extension TensorShapeProto.Dimension {
    static func fixed(_ size: Int) -> Self {
        var result = Self()
        result.dimValue = Int64(size)
        return result
    }

    /// A size that the caller decides.
    static func named(_ name: String) -> Self {
        var result = Self()
        result.dimParam = name
        return result
    }
}
