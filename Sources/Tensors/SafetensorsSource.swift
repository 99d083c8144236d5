/// Named tensors in safetensors files: one file or the shards of a directory.
public protocol SafetensorsSource: Sendable {
    /// Names of all tensors; of a file, in the order of their bytes.
    var names: [String] { get }
    /// Free text that the file carries.
    var metadata: [String: String] { get }
    /// The file that holds a tensor, and what its header says of it.
    /// - Throws: ``TensorError/missingTensor(path:tensor:)``.
    func locate(_ name: String) throws -> (file: SafetensorsFile, info: TensorInfo)
    /// Whether there is a tensor of that name.
    func contains(_ name: String) -> Bool
    /// Tells the system that the pages read so far are not needed at the moment.
    func releasePages()
}

extension SafetensorsSource {
    /// Type, shape and place of a tensor.
    /// - Throws: ``TensorError/missingTensor(path:tensor:)``.
    public func info(_ name: String) throws -> TensorInfo {
        try locate(name).info
    }

    /// The bytes of a tensor as they are in the file (little-endian, the last dimension fastest).
    ///
    /// They are valid as long as this object lives, and aligned only as well as the file is.
    /// - Throws: ``TensorError/missingTensor(path:tensor:)``,
    ///   ``TensorError/shapeMismatch(path:tensor:expected:found:)``.
    public func bytes(
        _ name: String, expecting shape: [Int]? = nil
    ) throws -> UnsafeRawBufferPointer {
        let (file, info) = try find(name, expecting: shape)
        return UnsafeRawBufferPointer(rebasing: file.bytes[info.byteRange])
    }

    /// The elements of a tensor of `F32`, `F16`, `BF16` or `F64`, the last dimension fastest.
    ///
    /// `F16` and `BF16` are converted exactly, `F64` to the nearest float.
    /// - Throws: ``TensorError/missingTensor(path:tensor:)``,
    ///   ``TensorError/shapeMismatch(path:tensor:expected:found:)``,
    ///   ``TensorError/dtypeMismatch(path:tensor:expected:found:)``.
    public func floats(_ name: String, expecting shape: [Int]? = nil) throws -> [Float] {
        let (file, info) = try find(name, expecting: shape)
        try requireFloats(name, file, info)
        // With a capacity of zero, the initialiser would write a count to the empty array that all
        // threads share.
        guard info.count > 0 else { return [] }
        return [Float](unsafeUninitializedCapacity: info.count) { buffer, count in
            convert(file, info, into: UnsafeMutableBufferPointer(rebasing: buffer[..<info.count]))
            count = info.count
        }
    }

    /// Writes the elements of a tensor of `F32`, `F16`, `BF16` or `F64` to memory that the caller
    /// owns, initialised or not.
    /// - Precondition: `destination` has room for exactly the elements of `shape`.
    /// - Throws: as ``floats(_:expecting:)``.
    public func floats(
        _ name: String, expecting shape: [Int], into destination: UnsafeMutableBufferPointer<Float>
    ) throws {
        let (file, info) = try find(name, expecting: shape)
        try requireFloats(name, file, info)
        precondition(destination.count == info.count, "destination does not have the shape's size")
        convert(file, info, into: destination)
    }

    /// The elements of a tensor of integers or truth values (0 and 1), the last dimension fastest.
    /// - Throws: ``TensorError/missingTensor(path:tensor:)``,
    ///   ``TensorError/shapeMismatch(path:tensor:expected:found:)``,
    ///   ``TensorError/dtypeMismatch(path:tensor:expected:found:)``,
    ///   ``TensorError/valueOutOfRange(path:tensor:index:value:type:)``.
    public func int32s(_ name: String, expecting shape: [Int]? = nil) throws -> [Int32] {
        let (file, info) = try find(name, expecting: shape)
        func read<Element: FixedWidthInteger>(_ type: Element.Type) throws -> [Int32] {
            try withExtendedLifetime(file) {
                let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[info.byteRange])
                return try (0..<info.count).map { index in
                    let value = Element(
                        littleEndian: bytes.loadUnaligned(
                            fromByteOffset: index * MemoryLayout<Element>.size, as: type))
                    guard let exact = Int32(exactly: value) else {
                        throw TensorError.valueOutOfRange(
                            path: file.url.path, tensor: name, index: index, value: "\(value)",
                            type: "I32")
                    }
                    return exact
                }
            }
        }
        switch info.dtype {
        case .bool: return try read(UInt8.self).map { $0 == 0 ? 0 : 1 }
        case .uint8: return try read(UInt8.self)
        case .int8: return try read(Int8.self)
        case .uint16: return try read(UInt16.self)
        case .int16: return try read(Int16.self)
        case .uint32: return try read(UInt32.self)
        case .int32: return try read(Int32.self)
        case .uint64: return try read(UInt64.self)
        case .int64: return try read(Int64.self)
        case .float4, .float6E2M3, .float6E3M2, .float8E5M2, .float8E4M3, .float8E8M0,
            .float8E4M3FNUZ, .float8E5M2FNUZ, .float16, .bfloat16, .float32, .complex64, .float64:
            throw TensorError.dtypeMismatch(
                path: file.url.path, tensor: name, expected: "an integer type",
                found: info.dtype.rawValue)
        }
    }

    private func find(
        _ name: String, expecting shape: [Int]?
    ) throws -> (file: SafetensorsFile, info: TensorInfo) {
        let found = try locate(name)
        if let shape, shape != found.info.shape {
            throw TensorError.shapeMismatch(
                path: found.file.url.path, tensor: name, expected: shape, found: found.info.shape)
        }
        return found
    }

    private func requireFloats(
        _ name: String, _ file: SafetensorsFile, _ info: TensorInfo
    ) throws {
        switch info.dtype {
        case .float16, .bfloat16, .float32, .float64: return
        case .bool, .float4, .float6E2M3, .float6E3M2, .uint8, .int8, .float8E5M2, .float8E4M3,
            .float8E8M0, .float8E4M3FNUZ, .float8E5M2FNUZ, .int16, .uint16, .int32, .uint32,
            .complex64, .int64, .uint64:
            throw TensorError.dtypeMismatch(
                path: file.url.path, tensor: name, expected: "F32, F16, BF16 or F64",
                found: info.dtype.rawValue)
        }
    }
}

/// Converts a tensor whose type ``SafetensorsSource/floats(_:expecting:)`` accepts.
private func convert(
    _ file: SafetensorsFile, _ info: TensorInfo, into floats: UnsafeMutableBufferPointer<Float>
) {
    withExtendedLifetime(file) {
        let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[info.byteRange])
        guard let output = floats.baseAddress, let input = bytes.baseAddress else { return }
        @inline(__always)
        func fill<Bits: FixedWidthInteger>(_ number: (Bits) -> Float) {
            for i in 0..<floats.count {
                let bits = input.loadUnaligned(
                    fromByteOffset: MemoryLayout<Bits>.size * i, as: Bits.self)
                output.advanced(by: i).initialize(to: number(Bits(littleEndian: bits)))
            }
        }
        switch info.dtype {
        case .float32: fill { (bits: UInt32) in Float(bitPattern: bits) }
        case .float16: fill { (bits: UInt16) in float(half: bits) }
        case .bfloat16: fill { (bits: UInt16) in Float(bitPattern: UInt32(bits) << 16) }
        case .float64: fill { (bits: UInt64) in Float(Double(bitPattern: bits)) }
        default:
            preconditionFailure("the element type was checked by the caller")
        }
    }
}

/// The value of an IEEE 754 half-precision number, exactly; payloads of NaN are kept.
///
/// Works on bits instead of `Float16`, which not every platform of the package has. Moving exponent
/// and mantissa to a float's positions leaves the exponent 112 too small, for subnormals too, which
/// one exact multiplication by 2^112 corrects.
@inline(__always)
private func float(half bits: UInt16) -> Float {
    let sign = UInt32(bits & 0x8000) << 16
    let magnitude = UInt32(bits & 0x7fff) << 13
    let finite = (Float(bitPattern: magnitude) * 0x1p112).bitPattern
    let special = magnitude | 0x7f80_0000
    return Float(bitPattern: sign | (bits & 0x7c00 == 0x7c00 ? special : finite))
}
