import Support

/// The header of a safetensors file, read as hostile input.
///
/// A file is: the header's length as a little-endian 64-bit integer, the header (a JSON object),
/// the bytes of the tensors. The rules are those of the reference implementation (Hugging Face,
/// `safetensors/src/tensor.rs`), and three from its format description that it does not enforce:
/// the header begins with `{`, no name appears twice, a tensor is described by an object.
struct SafetensorsHeader {
    /// Largest header, in bytes.
    static let maximumByteCount = 100_000_000
    /// Largest number of dimensions (NumPy's).
    static let maximumRank = 64
    /// The member of the header that is not a tensor.
    static let metadataName = "__metadata__"

    /// Free text that the file carries.
    private(set) var metadata: [String: String] = [:]
    /// Names in the order of the bytes.
    private(set) var names: [String] = []
    /// What is known of each tensor.
    private(set) var tensors: [ExactName: TensorInfo] = [:]

    /// Reads and checks the header of a whole file.
    /// - Throws: ``TensorError/invalidHeader(path:reason:)`` or
    ///   ``TensorError/invalidTensor(path:tensor:reason:)``.
    init(file bytes: UnsafeRawBufferPointer, path: String) throws {
        guard bytes.count >= 8 else {
            throw TensorError.invalidHeader(
                path: path, reason: "expected at least 8 bytes, found \(bytes.count)")
        }
        let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard length <= Self.maximumByteCount else {
            throw TensorError.invalidHeader(
                path: path,
                reason: "expected a header of at most \(Self.maximumByteCount) bytes, "
                    + "found a length of \(length)")
        }
        let payload = 8 + Int(length)
        guard payload <= bytes.count else {
            throw TensorError.invalidHeader(
                path: path,
                reason: "a header of \(length) bytes does not fit in a file of \(bytes.count)")
        }
        guard length > 0, bytes[8] == UInt8(ascii: "{") else {
            throw TensorError.invalidHeader(path: path, reason: "the header must begin with '{'")
        }
        let entries: [Entry]
        do {
            var reader = JSONReader(UnsafeRawBufferPointer(rebasing: bytes[8..<payload]))
            entries = try readEntries(&reader, path: path)
        } catch let fault as JSONReader.Fault {
            throw TensorError.invalidHeader(path: path, reason: "header, \(fault.description)")
        }
        try place(entries, payload: payload, end: bytes.count, path: path)
    }

    private struct Entry {
        var name: String
        var dtype: SafetensorsDtype
        var shape: [Int]
        var begin: Int
        var end: Int
    }

    private mutating func readEntries(
        _ reader: inout JSONReader, path: String
    ) throws -> [Entry] {
        var metadata: [String: String] = [:]
        var entries: [Entry] = []
        try reader.object { reader, name in
            if name == Self.metadataName {
                if try reader.null() { return }
                try reader.object { reader, key in metadata[key] = try reader.string() }
            } else {
                entries.append(try Self.readEntry(&reader, name: name, path: path))
            }
        }
        try reader.end()
        self.metadata = metadata
        return entries
    }

    private static func readEntry(
        _ reader: inout JSONReader, name: String, path: String
    ) throws -> Entry {
        func invalid(_ reason: String) -> TensorError {
            .invalidTensor(path: path, tensor: name, reason: reason)
        }
        var dtype: SafetensorsDtype?
        var shape: [Int]?
        var offsets: [Int]?
        do {
            try reader.object { reader, field in
                switch field {
                case "dtype":
                    let text = try reader.string()
                    guard let known = SafetensorsDtype(rawValue: text) else {
                        throw invalid("unknown dtype \(quoted(text))")
                    }
                    dtype = known
                case "shape":
                    shape = try Self.readIntegers(&reader, atMost: Self.maximumRank)
                case "data_offsets":
                    offsets = try Self.readIntegers(&reader, atMost: 2)
                default:
                    try reader.skipValue()
                }
            }
        } catch let fault as JSONReader.Fault {
            throw invalid("header, \(fault.description)")
        }
        guard let dtype else { throw invalid("'dtype' is missing") }
        guard let shape else { throw invalid("'shape' is missing") }
        guard let offsets else { throw invalid("'data_offsets' is missing") }
        guard offsets.count == 2 else {
            throw invalid("expected two data_offsets, found \(offsets.count)")
        }
        return Entry(
            name: name, dtype: dtype, shape: shape, begin: offsets[0], end: offsets[1])
    }

    private static func readIntegers(
        _ reader: inout JSONReader, atMost limit: Int
    ) throws -> [Int] {
        var values: [Int] = []
        try reader.array { reader in
            guard values.count < limit else {
                throw reader.fault("expected at most \(limit) numbers")
            }
            values.append(try reader.nonNegativeInteger())
        }
        return values
    }

    /// Checks that the tensors, in the order of their offsets, cover the payload exactly.
    private mutating func place(
        _ entries: [Entry], payload: Int, end: Int, path: String
    ) throws {
        let order = entries.indices.sorted { left, right in
            (entries[left].begin, entries[left].end, left)
                < (entries[right].begin, entries[right].end, right)
        }
        var position = 0
        names.reserveCapacity(entries.count)
        tensors.reserveCapacity(entries.count)
        for entry in order.lazy.map({ entries[$0] }) {
            func invalid(_ reason: String) -> TensorError {
                .invalidTensor(path: path, tensor: entry.name, reason: reason)
            }
            guard entry.begin == position, entry.end >= entry.begin else {
                throw invalid(
                    "expected data_offsets that begin at \(position), "
                        + "found [\(entry.begin), \(entry.end)]")
            }
            guard let size = entry.dtype.byteCount(shape: entry.shape) else {
                throw invalid(
                    "\(entry.dtype.rawValue) of shape \(entry.shape) has no size in whole bytes "
                        + "that can be counted")
            }
            guard size == entry.end - entry.begin else {
                throw invalid(
                    "\(entry.dtype.rawValue) of shape \(entry.shape) takes \(size) bytes, "
                        + "but data_offsets [\(entry.begin), \(entry.end)] hold "
                        + "\(entry.end - entry.begin)")
            }
            guard entry.end <= end - payload else {
                throw invalid(
                    "data_offsets [\(entry.begin), \(entry.end)] lie outside of the "
                        + "\(end - payload) bytes after the header")
            }
            position = entry.end
            names.append(entry.name)
            tensors[ExactName(entry.name)] = TensorInfo(
                dtype: entry.dtype, shape: entry.shape,
                byteRange: payload + entry.begin..<payload + entry.end)
        }
        guard position == end - payload else {
            throw TensorError.invalidHeader(
                path: path,
                reason: "the tensors end at byte \(position) of the payload, "
                    + "but it has \(end - payload) bytes")
        }
    }
}
