import Foundation
import Support
import Tensors
import Testing

@Suite("Safetensors files that break the rules")
struct SafetensorsHostileTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// Opens bytes as a file; the description of the error, or nil when they are accepted.
    func refusal(_ data: Data) throws -> String? {
        do {
            _ = try readEverything(SafetensorsFile(directory.write(data)))
            return nil
        } catch let error as any DiagnosedError {
            #expect(error.kind == .badInput)
            return error.description
        }
    }

    static let accepted: [(String, Int)] = [
        ("{}", 0),
        ("{} \n\t\r", 0),
        (#"{"__metadata__":null}"#, 0),
        (#"{"__metadata__":{}}"#, 0),
        ("{" + entry("a", "F32", "[]", "[0,4]") + "}", 4),
        ("{" + entry("a", "F32", "[0,9223372036854775807]", "[0,0]") + "}", 0),
        ("{" + entry("", "U8", "[ 1 ]", "[0 , 1]") + "}", 1),
        // The order of the header is free; the bytes decide.
        ("{" + entry("b", "U8", "[2]", "[1,3]") + "," + entry("a", "U8", "[1]", "[0,1]") + "}", 3),
        ("{" + entry("b", "U8", "[2]", "[0,2]") + "," + entry("a", "U8", "[0]", "[0,0]") + "}", 2),
        // Unknown fields are ignored, as the reference implementation does.
        (
            #"{"a":{"x":[{"y":[true,false,null,-1.5e+3,"\ud83d\ude00"]}],"dtype":"U8","#
                + #""shape":[1],"data_offsets":[0,1]}}"#, 1
        ),
        ("{" + entry("a", "F4", "[2]", "[0,1]") + "}", 1),
    ]

    @Test("what the format allows is accepted", arguments: accepted)
    func accepts(header: String, payload: Int) throws {
        #expect(try refusal(safetensors(header, payload: payload)) == nil)
    }

    static let refused: [(String, Int, String)] = [
        ("", 0, "must begin with '{'"),
        (" {}", 0, "must begin with '{'"),
        ("[]", 0, "must begin with '{'"),
        ("{}x", 0, "expected the end"),
        ("{", 0, "expected a string"),
        (#"{"a"}"#, 0, "expected ':'"),
        (#"{"a":1}"#, 0, "expected an object"),
        (#"{"a":{}}"#, 0, "'dtype' is missing"),
        (#"{"a":{"dtype":"U8","data_offsets":[0,0]}}"#, 0, "'shape' is missing"),
        (#"{"a":{"dtype":"U8","shape":[0]}}"#, 0, "'data_offsets' is missing"),
        (#"{"a":{"dtype":1,"shape":[0]}}"#, 0, "expected a string"),
        ("{" + entry("a", "F33", "[0]", "[0,0]") + "}", 0, "unknown dtype \"F33\""),
        ("{" + entry("a", "f32", "[0]", "[0,0]") + "}", 0, "unknown dtype"),
        ("{" + entry("a", "U8", "[-1]", "[0,0]") + "}", 0, "non-negative integer"),
        ("{" + entry("a", "U8", "[1.0]", "[0,1]") + "}", 1, "non-negative integer"),
        ("{" + entry("a", "U8", "[1e0]", "[0,1]") + "}", 1, "non-negative integer"),
        ("{" + entry("a", "U8", "[01]", "[0,1]") + "}", 1, "begins with a zero"),
        ("{" + entry("a", "U8", "[+1]", "[0,1]") + "}", 1, "expected a value"),
        ("{" + entry("a", "U8", "[1,]", "[0,1]") + "}", 1, "expected a value"),
        ("{" + entry("a", "U8", "[9223372036854775808]", "[0,1]") + "}", 1, "63 bits"),
        ("{" + entry("a", "U8", "[4294967296,4294967296]", "[0,0]") + "}", 0, "no size"),
        ("{" + entry("a", "F64", "[2305843009213693952]", "[0,0]") + "}", 0, "no size"),
        ("{" + entry("a", "F4", "[1]", "[0,1]") + "}", 1, "no size"),
        (
            "{"
                + entry(
                    "a", "U8",
                    "[" + Array(repeating: "1", count: 65).joined(separator: ",")
                        + "]", "[0,1]") + "}", 1, "at most 64 numbers"
        ),
        ("{" + entry("a", "U8", "[1]", "[0]") + "}", 1, "two data_offsets, found 1"),
        ("{" + entry("a", "U8", "[1]", "[0,1,1]") + "}", 1, "at most 2 numbers"),
        ("{" + entry("a", "U8", "[1]", "[1,0]") + "}", 1, "begin at 0, found [1, 0]"),
        ("{" + entry("a", "U8", "[1]", "[1,2]") + "}", 2, "begin at 0, found [1, 2]"),
        ("{" + entry("a", "U8", "[2]", "[0,1]") + "}", 1, "takes 2 bytes"),
        ("{" + entry("a", "F32", "[]", "[0,8]") + "}", 8, "takes 4 bytes"),
        ("{" + entry("a", "U8", "[2]", "[0,2]") + "}", 1, "outside of the 1 bytes"),
        ("{" + entry("a", "U8", "[2]", "[0,2]") + "}", 3, "end at byte 2"),
        ("{}", 1, "end at byte 0"),
        // A hole, an overlap, the same bytes twice.
        (
            "{" + entry("a", "U8", "[1]", "[0,1]") + "," + entry("b", "U8", "[1]", "[2,3]") + "}",
            3,
            "\"b\": expected data_offsets that begin at 1"
        ),
        (
            "{" + entry("a", "U8", "[2]", "[0,2]") + "," + entry("b", "U8", "[2]", "[1,3]") + "}",
            3,
            "\"b\": expected data_offsets that begin at 2"
        ),
        (
            "{" + entry("a", "U8", "[1]", "[0,1]") + "," + entry("b", "U8", "[1]", "[0,1]") + "}",
            1,
            "\"b\": expected data_offsets that begin at 1"
        ),
        // Names that appear twice, also in disguise.
        (
            "{" + entry("a", "U8", "[0]", "[0,0]") + "," + entry("a", "U8", "[0]", "[0,0]") + "}",
            0,
            "appears twice"
        ),
        (
            "{" + entry("a", "U8", "[0]", "[0,0]") + "," + entry("\\u0061", "U8", "[0]", "[0,0]")
                + "}", 0, "appears twice"
        ),
        (#"{"a":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#, 0, "twice"),
        (#"{"__metadata__":{"a":"b","a":"c"}}"#, 0, "twice"),
        (#"{"__metadata__":{},"__metadata__":{}}"#, 0, "twice"),
        (#"{"__metadata__":{"a":1}}"#, 0, "expected a string"),
        (#"{"__metadata__":{"a":{}}}"#, 0, "expected a string"),
        (#"{"__metadata__":[]}"#, 0, "expected an object"),
        (#"{"__metadata__":{"a":"\x"}}"#, 0, "unknown escape"),
        (#"{"__metadata__":{"a":"\ud800"}}"#, 0, "lone surrogate"),
        (#"{"__metadata__":{"a":"\udc00"}}"#, 0, "lone surrogate"),
        (#"{"__metadata__":{"a":"\ud800\u0041"}}"#, 0, "lone surrogate"),
        (#"{"__metadata__":{"a":"\u00g0"}}"#, 0, "hexadecimal"),
        ("{\"__metadata__\":{\"a\":\"\n\"}}", 0, "control character"),
        ("{\"__metadata__\":{\"a\":\"", 0, "ends inside a string"),
        (#"{"__metadata__":{"a":"\"#, 0, "ends inside a string"),
        (#"{"a":{"x":tru}}"#, 0, "expected 'true'"),
        (#"{"a":{"x":NaN}}"#, 0, "expected a value"),
    ]

    @Test("each rule of the format is held, and the error says which", arguments: refused)
    func refuses(header: String, payload: Int, reason: String) throws {
        let found = try refusal(safetensors(header, payload: payload))
        #expect(found?.contains(reason) == true, "\(found ?? "accepted")")
    }

    @Test("values nested without end are refused before they exhaust the stack")
    func refusesNesting() throws {
        for piece in ["[", #"{"a":"#] {
            let header = #"{"a":{"x":"# + String(repeating: piece, count: 100_000)
            #expect(try refusal(safetensors(header))?.contains("nested deeper") == true)
        }
    }

    @Test("a header that is not UTF-8 is refused")
    func refusesInvalidUTF8() throws {
        for bytes: [UInt8] in [
            [0xc3, 0x28], [0xff], [0xed, 0xa0, 0x80], [0xc0, 0x80], [0xef, 0xbf],
        ] {
            let header =
                Data("{\"".utf8) + Data(bytes)
                + Data(entry("", "U8", "[0]", "[0,0]").utf8)
                .dropFirst() + Data("}".utf8)
            let found = try refusal(safetensors(header))
            #expect(found?.contains("not valid UTF-8") == true, "\(found ?? "accepted")")
        }
        // The replacement character itself is a letter like any other.
        let replacement = "{" + entry("\u{fffd}", "U8", "[0]", "[0,0]") + "}"
        #expect(try refusal(safetensors(replacement)) == nil)
    }

    @Test("a header's length beyond the file, the limit or 63 bits is refused")
    func refusesLengths() throws {
        for length: UInt64 in [3, 100, 100_000_000, 100_000_001, 1 << 62, 1 << 63, .max] {
            let bytes = withUnsafeBytes(of: length.littleEndian) { Data($0) } + Data("{}".utf8)
            let found = try refusal(bytes)
            let reason = length > 100_000_000 ? "at most 100000000 bytes" : "does not fit"
            #expect(found?.contains(reason) == true)
        }
    }

    /// A file of several types with a hole nowhere.
    func sample() throws -> Data {
        let url = directory.url.appendingPathComponent("sample.safetensors")
        try SafetensorsWriter.write(
            [
                SafetensorsEntry(
                    name: "layer.0.weight", shape: [2, 3], floats: [1, 2, 3, 4, 5, 6]),
                SafetensorsEntry(name: "half", dtype: .float16, shape: [2], bytes: [1, 2, 3, 4]),
                SafetensorsEntry(
                    name: "ids", dtype: .int64, shape: [1], bytes: [1, 0, 0, 0, 0, 0, 0, 0]),
                SafetensorsEntry(name: "empty", shape: [0, 4], floats: []),
                SafetensorsEntry(name: "flag", dtype: .bool, shape: [], bytes: [1]),
            ], metadata: ["format": "pt"], to: url)
        return try Data(contentsOf: url)
    }

    @Test("a file cut short at any length is refused")
    func truncations() throws {
        let data = try sample()
        #expect(try refusal(data) == nil)
        for length in 0..<data.count {
            #expect(try refusal(data.prefix(length)) != nil, "cut at \(length)")
        }
        #expect(try refusal(data + [0]) != nil)
    }

    @Test(
        "20,000 mutated files are either valid or refused as bad input",
        arguments: 0..<8)
    func mutations(part: Int) throws {
        let original = try sample()
        let header = 8 + original.prefix(8).enumerated().reduce(0) { $0 + Int($1.1) << (8 * $1.0) }
        let alphabet = Array(#"0123456789{}[]",:\-.eEu F8_I"#.utf8)
        let key = RandomKey(seed: 7).child("mutations").child(part)
        var accepted = 0
        for round in 0..<2_500 {
            var generator = key.child(round).generator()
            var data = original
            for _ in 0...generator.index(below: 3) where !data.isEmpty {
                // Three mutations of four strike the header, where the rules are.
                let limit = generator.index(below: 4) > 0 ? min(header, data.count) : data.count
                let position = generator.index(below: max(1, limit))
                switch generator.index(below: 6) {
                case 0: data[position] = UInt8(truncatingIfNeeded: generator.next())
                case 1: data[position] = alphabet[generator.index(below: alphabet.count)]
                case 2: data[position] ^= 1 << UInt8(generator.index(below: 8))
                case 3: data.remove(at: position)
                case 4: data.insert(alphabet[generator.index(below: alphabet.count)], at: position)
                default:
                    let end = min(data.count, position + 1 + generator.index(below: 40))
                    let piece = data[position..<end]
                    let target = generator.index(below: data.count)
                    data.insert(contentsOf: Data(piece), at: target)
                }
            }
            // Half of the files get a true header length again, so that the parser is reached.
            if generator.index(below: 2) == 0, data.count >= 8 {
                let length = UInt64(max(0, header - 8 + data.count - original.count))
                data.replaceSubrange(
                    0..<8, with: withUnsafeBytes(of: length.littleEndian) { Data($0) })
            }
            if try refusal(data) == nil { accepted += 1 }
        }
        // Changes of the payload, of names and of dtypes of equal width are valid files.
        #expect(accepted > 30 && accepted < 1_250, "\(accepted) accepted")
    }
}
