import Foundation
import Support

/// A tensor that is to be written, with a closure that produces its bytes piece by piece.
public struct SafetensorsEntry {
    /// Takes the next bytes of the tensor, in pieces of any size.
    public typealias Sink = (UnsafeRawBufferPointer) throws -> Void

    /// Name of the tensor.
    public let name: String
    /// Type of the elements.
    public let dtype: SafetensorsDtype
    /// Dimensions, the slowest first; empty for a scalar.
    public let shape: [Int]
    /// Hands all bytes of the tensor (little-endian, the last dimension fastest) to the sink.
    public let produce: (Sink) throws -> Void

    /// Describes a tensor; `produce` is called once, when it is the tensor's turn.
    public init(
        name: String, dtype: SafetensorsDtype, shape: [Int],
        produce: @escaping (Sink) throws -> Void
    ) {
        self.name = name
        self.dtype = dtype
        self.shape = shape
        self.produce = produce
    }

    /// A tensor of `F32`.
    public init(name: String, shape: [Int], floats: [Float]) {
        self.init(name: name, dtype: .float32, shape: shape) { sink in
            try littleEndian(floats.lazy.map(\.bitPattern), sink)
        }
    }

    /// A tensor of `I32`.
    public init(name: String, shape: [Int], int32s: [Int32]) {
        self.init(name: name, dtype: .int32, shape: shape) { sink in
            try littleEndian(int32s, sink)
        }
    }
}

/// Hands integers to a sink in little-endian order, a few thousand at a time.
private func littleEndian<Values: RandomAccessCollection>(
    _ values: Values, _ sink: SafetensorsEntry.Sink
) throws where Values.Element: FixedWidthInteger, Values.Index == Int {
    for piece in (0..<values.count).pieces(of: 1 << 16) {
        try values[piece].map(\.littleEndian).withUnsafeBytes(sink)
    }
}

/// Writes safetensors files.
public enum SafetensorsWriter {
    /// Writes a file that appears whole or not at all.
    ///
    /// Tensors are written in the given order without gaps, as the format requires. The header is
    /// padded with spaces so that the first tensor begins at a multiple of eight bytes; every
    /// tensor is aligned if those with wider elements come first. Equal arguments give equal bytes.
    ///
    /// Memory: the header and a buffer of one megabyte, in addition to what the producers need.
    /// - Throws: ``TensorError/notWritable(path:tensor:reason:)`` when a name appears twice or is
    ///   reserved, a shape has no size, or a producer gives too few or too many bytes; `FileError`;
    ///   what a producer throws (wrapped in a `FileError` unless it is a `DiagnosedError`).
    public static func write(
        _ entries: [SafetensorsEntry], metadata: [String: String] = [:], to url: URL
    ) throws {
        let sizes = try byteCounts(entries, path: url.path)
        let header = try makeHeader(entries, sizes: sizes, metadata: metadata, path: url.path)
        try AtomicFile.write(to: url) { file in
            var output = BufferedOutput(file)
            try withUnsafeBytes(of: UInt64(header.count).littleEndian) { try output.append($0) }
            try header.withUnsafeBytes { try output.append($0) }
            for (entry, size) in zip(entries, sizes) {
                var written = 0
                try entry.produce { bytes in
                    written += bytes.count
                    guard written <= size else { return }
                    try output.append(bytes)
                }
                guard written == size else {
                    throw TensorError.notWritable(
                        path: url.path, tensor: entry.name,
                        reason: "\(entry.dtype.rawValue) of shape \(entry.shape) takes \(size) "
                            + "bytes, but \(written) were given")
                }
            }
            try output.flush()
        }
    }

    private static func byteCounts(_ entries: [SafetensorsEntry], path: String) throws -> [Int] {
        var names: Set<ExactName> = [ExactName(SafetensorsHeader.metadataName)]
        var total = 0
        return try entries.map { entry in
            func invalid(_ reason: String) -> TensorError {
                .notWritable(path: path, tensor: entry.name, reason: reason)
            }
            guard names.insert(ExactName(entry.name)).inserted else {
                throw invalid("the name appears twice or is reserved")
            }
            guard entry.shape.count <= SafetensorsHeader.maximumRank,
                let size = entry.dtype.byteCount(shape: entry.shape)
            else {
                throw invalid(
                    "\(entry.dtype.rawValue) of shape \(entry.shape) has no size in whole bytes "
                        + "that can be counted")
            }
            let (sum, overflow) = total.addingReportingOverflow(size)
            guard !overflow else { throw invalid("the file would be too large") }
            total = sum
            return size
        }
    }

    private static func makeHeader(
        _ entries: [SafetensorsEntry], sizes: [Int], metadata: [String: String], path: String
    ) throws -> [UInt8] {
        var header: [UInt8] = []
        var separator = "{"
        if !metadata.isEmpty {
            header += "{\"\(SafetensorsHeader.metadataName)\":{".utf8
            separator = ""
            for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
                header += separator.utf8
                appendQuoted(key, to: &header)
                header += ":".utf8
                appendQuoted(value, to: &header)
                separator = ","
            }
            header += "}".utf8
            separator = ","
        }
        var position = 0
        for (entry, size) in zip(entries, sizes) {
            header += separator.utf8
            appendQuoted(entry.name, to: &header)
            let shape = entry.shape.map(String.init).joined(separator: ",")
            let offsets = "[\(position),\(position + size)]"
            header +=
                ":{\"dtype\":\"\(entry.dtype.rawValue)\",\"shape\":[\(shape)],\"data_offsets\":"
                .utf8
            header += (offsets + "}").utf8
            position += size
            separator = ","
        }
        header += (header.isEmpty ? "{}" : "}").utf8
        while header.count % 8 != 0 { header.append(0x20) }
        guard header.count <= SafetensorsHeader.maximumByteCount else {
            throw TensorError.invalidHeader(
                path: path,
                reason: "a header of \(header.count) bytes would be longer than the format allows")
        }
        return header
    }

    /// Appends a JSON string; letters beyond ASCII are not escaped.
    private static func appendQuoted(_ text: String, to header: inout [UInt8]) {
        header.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): header += [UInt8(ascii: "\\"), byte]
            case 0x08: header += "\\b".utf8
            case 0x09: header += "\\t".utf8
            case 0x0a: header += "\\n".utf8
            case 0x0c: header += "\\f".utf8
            case 0x0d: header += "\\r".utf8
            case 0..<0x20:
                header += (byte < 0x10 ? "\\u000" : "\\u00").utf8
                header += String(byte, radix: 16).utf8
            default: header.append(byte)
            }
        }
        header.append(UInt8(ascii: "\""))
    }
}

/// Buffers small pieces so that the system is called once per megabyte.
private struct BufferedOutput {
    private static let capacity = 1 << 20
    private let file: OutputFile
    private var pending: [UInt8] = []

    init(_ file: OutputFile) {
        self.file = file
        pending.reserveCapacity(Self.capacity)
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) throws {
        if pending.count + bytes.count > Self.capacity { try flush() }
        if bytes.count >= Self.capacity {
            try file.write(bytes)
        } else {
            pending.append(contentsOf: bytes)
        }
    }

    mutating func flush() throws {
        try pending.withUnsafeBytes { try file.write($0) }
        pending.removeAll(keepingCapacity: true)
    }
}
