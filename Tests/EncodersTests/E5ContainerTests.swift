import Encoders
import Foundation
import Support
import Testing

/// A container of one layer with everything in place, to be broken in one place at a time.
private struct ContainerBytes {
    var width: Int32 = 32
    var heads: Int32 = 4
    var vocabulary: Int32 = 8
    var epsilon: Float = 1e-12
    var block: Int32 = 32
    var pieces = ["<s>", "<pad>", "</s>", "<unk>", "a", "b", "c", "<mask>"]
    /// Name, float32 elements.
    var tensors: [(name: String, values: [Float])] = [
        ("emb.ln.w", [Float](repeating: 1, count: 32))
    ]
    var magic = "E5S1"

    var data: Data {
        var data = Data(magic.utf8)
        func put<Value>(_ value: Value) {
            withUnsafeBytes(of: value) { data.append(contentsOf: $0) }
        }
        put(UInt32(1))
        for value in [width, 1, heads, 64, vocabulary, 16, 2] { put(Int32(value)) }
        put(epsilon)
        put(block)
        put(Int32(pieces.count))
        for value: Int32 in [0, 2, 1, 3] { put(value) }
        let blob = Data(pieces.joined().utf8)
        put(UInt64(blob.count))
        var offset: UInt32 = 0
        for piece in pieces {
            put(offset)
            offset += UInt32(piece.utf8.count)
        }
        put(offset)
        for _ in pieces { put(Float(-1)) }
        data.append(blob)
        put(Int32(0))
        put(UInt32(0))
        put(Int32(tensors.count))
        // The table's size decides where the weights begin.
        let table = tensors.reduce(0) { $0 + 2 + $1.name.utf8.count + 1 + 4 + 8 + 8 }
        var place = UInt64(data.count + table)
        for tensor in tensors {
            put(UInt16(tensor.name.utf8.count))
            data.append(contentsOf: tensor.name.utf8)
            put(UInt8(0))
            put(UInt32(tensor.values.count))
            put(place)
            put(UInt64(4 * tensor.values.count))
            place += UInt64(4 * tensor.values.count)
        }
        for tensor in tensors { for value in tensor.values { put(value) } }
        return data
    }
}

@Suite("The container of the default encoder", .serialized)
struct E5ContainerTests {
    private func fault(_ data: Data, reading name: String? = nil) throws -> String? {
        let url = FileManager.default.temporaryDirectory
            .appendingPathComponent("knas-container-\(UUID().uuidString)")
        try data.write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        do {
            let container = try E5Container(url)
            if let name { try container.withFloats(name, count: 32) { _ in } }
            return nil
        } catch let error as any DiagnosedError {
            #expect(error.kind == .badInput)
            return error.description
        }
    }

    private func fault(
        reading name: String? = nil, _ change: (inout ContainerBytes) -> Void
    ) throws -> String? {
        var bytes = ContainerBytes()
        change(&bytes)
        return try fault(bytes.data, reading: name)
    }

    @Test("one spelt by hand is read, so that the faults below are what is refused")
    func sound() throws {
        #expect(try fault(reading: "emb.ln.w") { _ in } == nil)
    }

    @Test("impossible sizes, numbers that are not finite and missing tensors are refused")
    func wrong() throws {
        #expect(try fault { $0.magic = "E5S2" } != nil)
        #expect(try fault { $0.vocabulary = 5 } != nil)
        #expect(try fault { $0.vocabulary = -1 } != nil)
        #expect(try fault { $0.heads = 5 }?.contains("heads") == true)
        #expect(try fault { $0.heads = 0 } != nil)
        #expect(try fault { $0.epsilon = .nan }?.contains("epsilon") == true)
        #expect(try fault { $0.epsilon = 0 }?.contains("epsilon") == true)
        #expect(try fault { $0.block = 16 } != nil)
        #expect(try fault { $0.pieces = ["a"] } != nil)
        #expect(try fault(reading: "emb.ln.b") { _ in } != nil)
        let bad = try fault(reading: "emb.ln.w") { $0.tensors[0].values[3] = .infinity }
        #expect(bad?.contains("not finite") == true)
    }

    @Test("cut and scrambled files are errors, never a crash")
    func scrambled() throws {
        let whole = ContainerBytes().data
        for count in 0..<whole.count - 1 where count % 3 == 0 {
            #expect(try fault(Data(whole.prefix(count)), reading: "emb.ln.w") != nil)
        }
        var generator = RandomKey(seed: 2).generator()
        for _ in 0..<500 {
            var bytes = whole
            for _ in 0...generator.index(below: 3) {
                bytes[generator.index(below: 330)] = UInt8(truncatingIfNeeded: generator.next())
            }
            _ = try fault(bytes, reading: "emb.ln.w")
        }
    }
}
