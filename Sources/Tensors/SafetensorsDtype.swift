/// Element types of the safetensors format; the raw value is the name in a file's header.
///
/// All types that the reference implementation knows are listed, so a file with one exotic tensor
/// can still be opened for its other tensors.
public enum SafetensorsDtype: String, Sendable, CaseIterable {
    case bool = "BOOL"
    case float4 = "F4"
    case float6E2M3 = "F6_E2M3"
    case float6E3M2 = "F6_E3M2"
    case uint8 = "U8"
    case int8 = "I8"
    case float8E5M2 = "F8_E5M2"
    case float8E4M3 = "F8_E4M3"
    case float8E8M0 = "F8_E8M0"
    case float8E4M3FNUZ = "F8_E4M3FNUZ"
    case float8E5M2FNUZ = "F8_E5M2FNUZ"
    case int16 = "I16"
    case uint16 = "U16"
    case float16 = "F16"
    case bfloat16 = "BF16"
    case int32 = "I32"
    case uint32 = "U32"
    case float32 = "F32"
    case complex64 = "C64"
    case float64 = "F64"
    case int64 = "I64"
    case uint64 = "U64"

    /// Size of an element in bits.
    public var bitWidth: Int {
        switch self {
        case .float4: 4
        case .float6E2M3, .float6E3M2: 6
        case .bool, .uint8, .int8, .float8E5M2, .float8E4M3, .float8E8M0, .float8E4M3FNUZ,
            .float8E5M2FNUZ:
            8
        case .int16, .uint16, .float16, .bfloat16: 16
        case .int32, .uint32, .float32: 32
        case .complex64, .float64, .int64, .uint64: 64
        }
    }

    /// Number of bytes of a tensor of this type and shape; nil when a dimension is negative, the
    /// product overflows, or the elements do not fill whole bytes.
    public func byteCount(shape: [Int]) -> Int? {
        guard let elements = elementCount(of: shape) else { return nil }
        let (bits, overflow) = elements.multipliedReportingOverflow(by: bitWidth)
        return overflow || bits % 8 != 0 ? nil : bits / 8
    }
}

/// The product of the dimensions (1 for a scalar), or nil when one is negative or it overflows.
func elementCount(of shape: [Int]) -> Int? {
    var product = 1
    for dimension in shape {
        guard dimension >= 0 else { return nil }
        let (next, overflow) = product.multipliedReportingOverflow(by: dimension)
        if overflow { return nil }
        product = next
    }
    return product
}

/// What a safetensors header says about one tensor.
public struct TensorInfo: Sendable, Equatable {
    /// Type of the elements.
    public let dtype: SafetensorsDtype
    /// Dimensions, the slowest first; empty for a scalar.
    public let shape: [Int]
    /// Where the bytes lie, counted from the beginning of the file.
    public let byteRange: Range<Int>

    /// Number of elements: the product of the dimensions.
    public var count: Int { elementCount(of: shape) ?? 0 }
}
