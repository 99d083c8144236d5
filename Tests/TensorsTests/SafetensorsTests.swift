import Foundation
import Support
import Tensors
import Testing

@Suite("Safetensors")
struct SafetensorsTests {
    let directory: TemporaryDirectory
    let url: URL

    init() throws {
        directory = try TemporaryDirectory()
        url = directory.url.appendingPathComponent("model.safetensors")
    }

    /// Written by the reference implementation: Tests/Scripts/safetensors_golden.py.
    static let golden = """
        oAMAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJmb3JtYXQiOiJwdCJ9LCJpNjQiOnsiZHR5cGUiOiJJNjQiLCJzaGFw
        ZSI6WzNdLCJkYXRhX29mZnNldHMiOlswLDI0XX0sIndpZGUiOnsiZHR5cGUiOiJJNjQiLCJzaGFwZSI6WzJdLCJk
        YXRhX29mZnNldHMiOlsyNCw0MF19LCJmNjQiOnsiZHR5cGUiOiJGNjQiLCJzaGFwZSI6WzIsMl0sImRhdGFfb2Zm
        c2V0cyI6WzQwLDcyXX0sImVtcHR5Ijp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlszLDBdLCJkYXRhX29mZnNldHMi
        Ols3Miw3Ml19LCJmMzIiOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzIsNF0sImRhdGFfb2Zmc2V0cyI6WzcyLDEw
        NF19LCJzY2FsYXIiOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6W10sImRhdGFfb2Zmc2V0cyI6WzEwNCwxMDhdfSwi
        aTMyIjp7ImR0eXBlIjoiSTMyIiwic2hhcGUiOlsyXSwiZGF0YV9vZmZzZXRzIjpbMTA4LDExNl19LCJiZjE2Ijp7
        ImR0eXBlIjoiQkYxNiIsInNoYXBlIjpbNCwyXSwiZGF0YV9vZmZzZXRzIjpbMTE2LDEzMl19LCJmMTYiOnsiZHR5
        cGUiOiJGMTYiLCJzaGFwZSI6WzhdLCJkYXRhX29mZnNldHMiOlsxMzIsMTQ4XX0sInUxNiI6eyJkdHlwZSI6IlUx
        NiIsInNoYXBlIjpbMV0sImRhdGFfb2Zmc2V0cyI6WzE0OCwxNTBdfSwiaTE2Ijp7ImR0eXBlIjoiSTE2Iiwic2hh
        cGUiOlsyXSwiZGF0YV9vZmZzZXRzIjpbMTUwLDE1NF19LCJpOCI6eyJkdHlwZSI6Ikk4Iiwic2hhcGUiOlsyXSwi
        ZGF0YV9vZmZzZXRzIjpbMTU0LDE1Nl19LCJuYVwibWVcbsOpIjp7ImR0eXBlIjoiVTgiLCJzaGFwZSI6WzFdLCJk
        YXRhX29mZnNldHMiOlsxNTYsMTU3XX0sInU4Ijp7ImR0eXBlIjoiVTgiLCJzaGFwZSI6WzJdLCJkYXRhX29mZnNl
        dHMiOlsxNTcsMTU5XX0sImJvb2wiOnsiZHR5cGUiOiJCT09MIiwic2hhcGUiOlszXSwiZGF0YV9vZmZzZXRzIjpb
        MTU5LDE2Ml19fSAgAAAAgP////8AAAAAAAAAAP///38AAAAAAQAAAAAAAAAAAACAAAAAAJqZmZmZmbk/nHUAiDzk
        N/5Z8/jCH26lAQAAAAAAAAhAAAAAAAAAAIAAAMA/AAAAwADgf0dZ2YAzAACAfwAAgP8AAIA++////wcAAAAAAACA
        wD8AwH9HgDOAf4D/AAAAgAA+AMD/ewEAAHwA/P//1P4sAYB/KgD/AQAB
        """

    func openGolden() throws -> SafetensorsFile {
        let data = try #require(
            Data(base64Encoded: Self.golden, options: .ignoreUnknownCharacters))
        return try SafetensorsFile(directory.write(data))
    }

    @Test("a file of the reference implementation is read in every type")
    func readsGolden() throws {
        let file = try openGolden()
        #expect(file.names.count == 15)
        #expect(file.metadata == ["format": "pt"])
        let values: [Float] = [0, -0.0, 1.5, -2, 65504, 6e-8, .infinity, -.infinity]
        #expect(try file.floats("f32", expecting: [2, 4]) == values)
        #expect(try file.floats("f32")[1].sign == .minus)
        #expect(
            try file.floats("f16")
                == [0, -0.0, 1.5, -2, 65504, 0x1p-24, .infinity, -.infinity])
        #expect(
            try file.floats("bf16", expecting: [4, 2])
                == values.map { Float(bitPattern: $0.bitPattern & 0xffff_0000) })
        #expect(try file.floats("f64") == [0.1, -.infinity, 0, 3])
        #expect(try file.floats("scalar", expecting: []) == [0.25])
        #expect(try file.floats("empty", expecting: [3, 0]) == [])
        #expect(try file.int32s("i64") == [.min, 0, .max])
        #expect(try file.int32s("i32") == [-5, 7])
        #expect(try file.int32s("i16") == [-300, 300])
        #expect(try file.int32s("u16") == [65535])
        #expect(try file.int32s("i8") == [-128, 127])
        #expect(try file.int32s("u8") == [0, 255])
        #expect(try file.int32s("bool") == [1, 0, 1])
        #expect(Array(try file.bytes("na\"me\né", expecting: [1])) == [42])
        #expect(try file.info("f64") == file.locate("f64").info)
        #expect(try file.info("f64").dtype == .float64)
        #expect(try file.info("f64").byteRange.count == 32)
    }

    @Test("errors of reading name the file, the tensor, what was expected and what was found")
    func readingErrors() throws {
        let file = try openGolden()
        let path = file.url.path
        #expect(
            throws: TensorError.shapeMismatch(
                path: path, tensor: "f32", expected: [4, 2], found: [2, 4])
        ) { try file.floats("f32", expecting: [4, 2]) }
        #expect(throws: TensorError.missingTensor(path: path, tensor: "x")) {
            try file.bytes("x")
        }
        #expect(
            throws: TensorError.dtypeMismatch(
                path: path, tensor: "i8", expected: "F32, F16, BF16 or F64", found: "I8")
        ) { try file.floats("i8") }
        #expect(
            throws: TensorError.dtypeMismatch(
                path: path, tensor: "f16", expected: "an integer type", found: "F16")
        ) { try file.int32s("f16") }
        #expect(
            throws: TensorError.valueOutOfRange(
                path: path, tensor: "wide", index: 1, value: "2147483648", type: "I32")
        ) { try file.int32s("wide") }
        let error = TensorError.shapeMismatch(
            path: "a/b", tensor: "w\u{1b}", expected: [4, 2], found: [])
        #expect(
            error.description == #"a/b: tensor "w\u{1B}": expected shape [4, 2], found []"#)
    }

    @Test("our writer gives the bytes of the reference implementation")
    func writesGoldenBytes() throws {
        let file = try openGolden()
        let entries = try file.names.map { name in
            let info = try file.info(name)
            return SafetensorsEntry(
                name: name, dtype: info.dtype, shape: info.shape, bytes: Array(try file.bytes(name))
            )
        }
        try SafetensorsWriter.write(entries, metadata: file.metadata, to: url)
        #expect(try Data(contentsOf: url) == Data(contentsOf: file.url))
    }

    @Test("every element type makes a round trip", arguments: SafetensorsDtype.allCases)
    func roundTrip(dtype: SafetensorsDtype) throws {
        let size = try #require(dtype.byteCount(shape: [3, 4, 2]))
        #expect(size * 8 == 24 * dtype.bitWidth)
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: 37 &* $0 &+ 11) }
        try SafetensorsWriter.write(
            [
                SafetensorsEntry(name: "first", dtype: .uint8, shape: [3], bytes: [1, 2, 3]),
                SafetensorsEntry(name: "w", dtype: dtype, shape: [3, 4, 2], bytes: bytes),
                SafetensorsEntry(name: "none", dtype: dtype, shape: [0, 7], bytes: []),
            ], to: url)
        let file = try SafetensorsFile(url)
        #expect(file.names == ["first", "w", "none"])
        #expect(try file.info("w").dtype == dtype)
        #expect(Array(try file.bytes("w", expecting: [3, 4, 2])) == bytes)
        #expect(try file.bytes("none", expecting: [0, 7]).count == 0)
    }

    @Test("floats and integers make a round trip, into memory of the caller too")
    func conveniences() throws {
        let floats = (0..<70_001).map { Float($0) * 0.37 - 5 }
        try SafetensorsWriter.write(
            [
                SafetensorsEntry(name: "a", shape: [70_001], floats: floats),
                SafetensorsEntry(name: "b", shape: [], int32s: [-7]),
                SafetensorsEntry(name: "", shape: [0], floats: []),
            ], to: url)
        let file = try SafetensorsFile(url)
        #expect(file.metadata.isEmpty)
        #expect(file.names == ["a", "b", ""])
        #expect(try file.info("a").byteRange.lowerBound % 8 == 0)
        #expect(try file.floats("a") == floats)
        #expect(try file.int32s("b", expecting: []) == [-7])
        #expect(try file.floats("", expecting: [0]) == [])
        var copy = [Float](repeating: 0, count: floats.count)
        try copy.withUnsafeMutableBufferPointer {
            try file.floats("a", expecting: [70_001], into: $0)
        }
        #expect(copy == floats)
        try SafetensorsWriter.write([], to: url)
        #expect(try Data(contentsOf: url) == safetensors("{}      "))
        #expect(try SafetensorsFile(url).names.isEmpty)
    }

    @Test("names that differ in bytes only are different tensors")
    func namesAreBytes() throws {
        try SafetensorsWriter.write(
            [
                SafetensorsEntry(name: "\u{e9}", shape: [1], floats: [1]),
                SafetensorsEntry(name: "e\u{301}", shape: [1], floats: [2]),
                SafetensorsEntry(name: "\u{1}\u{1f}\t\"\\/\u{1f600}", shape: [1], floats: [3]),
            ], metadata: ["b": "\n\u{8}", "a": ""], to: url)
        let file = try SafetensorsFile(url)
        #expect(try file.floats("\u{e9}") == [1])
        #expect(try file.floats("e\u{301}") == [2])
        #expect(try file.floats("\u{1}\u{1f}\t\"\\/\u{1f600}") == [3])
        #expect(file.metadata == ["b": "\n\u{8}", "a": ""])
    }

    @Test("what cannot be written leaves no file behind")
    func writerErrors() throws {
        func expectRefusal(_ entries: [SafetensorsEntry]) {
            #expect(throws: TensorError.self) { try SafetensorsWriter.write(entries, to: url) }
            #expect(
                (try? FileManager.default.contentsOfDirectory(atPath: directory.url.path)) == [])
        }
        let good = SafetensorsEntry(name: "a", shape: [1], floats: [1])
        expectRefusal([good, good])
        expectRefusal([SafetensorsEntry(name: "__metadata__", shape: [1], floats: [1])])
        expectRefusal([good, SafetensorsEntry(name: "b", shape: [2], floats: [1])])
        expectRefusal([good, SafetensorsEntry(name: "b", shape: [1], floats: [1, 2])])
        expectRefusal([SafetensorsEntry(name: "b", shape: [-1], floats: [])])
        expectRefusal([SafetensorsEntry(name: "b", shape: [1 << 40, 1 << 40], floats: [])])
        expectRefusal([SafetensorsEntry(name: "b", dtype: .float4, shape: [1], bytes: [1])])
        struct Stopped: Error {}
        let failing = SafetensorsEntry(name: "b", dtype: .uint8, shape: [1]) { _ in
            throw Interrupted()
        }
        #expect(throws: Interrupted.self) { try SafetensorsWriter.write([failing], to: url) }
    }

    #if arch(arm64) || os(Linux)
        @Test("every half-precision number is converted as the hardware does")
        func everyHalf() throws {
            let bits = Array(UInt16.min...UInt16.max)
            try SafetensorsWriter.write(
                [
                    SafetensorsEntry(
                        name: "h", dtype: .float16, shape: [65536], bytes: littleEndianBytes(bits))
                ], to: url)
            let floats = try SafetensorsFile(url).floats("h")
            for (bits, float) in zip(bits, floats) {
                let expected = Float(Float16(bitPattern: bits))
                if expected.isNaN {
                    #expect(float.isNaN)
                } else {
                    #expect(float.bitPattern == expected.bitPattern)
                }
            }
        }
    #endif
}
