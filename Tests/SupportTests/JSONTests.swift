import Foundation
import Support
import Testing

@Suite("One reader of JSON")
struct JSONTests {
    private func read(_ text: some Sequence<UInt8>) throws -> JSON {
        try Array(text).withUnsafeBytes { bytes throws(JSONReader.Fault) in try JSON(bytes) }
    }

    private func fault(_ text: some Sequence<UInt8>) -> String? {
        do {
            _ = try read(text)
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test("values are what the text says, members in its order")
    func values() throws {
        let json = try read(
            #" { "b" : [1, -2.5e1, true, null, "\u00e9\ud83d\ude00\n\/"], "a":{} } "#.utf8)
        guard case .object(let members) = json else {
            Issue.record("not an object")
            return
        }
        #expect(members.map(\.key) == ["b", "a"])
        let list = try #require(json["b"]?.array)
        #expect(list.map(\.integer) == [1, -25, nil, nil, nil])
        #expect(list.map(\.double) == [1, -25, nil, nil, nil])
        #expect(list[2].bool == true && list[4].string == "é😀\n/")
        #expect(
            list.map(\.kind) == ["a number", "a number", "true or false", "null", "a string"])
        #expect(json["c"] == nil && json["a"]?["x"] == nil && list[0]["b"] == nil)
        #expect(try read([0xef, 0xbb, 0xbf] + Array("[]".utf8)).array?.isEmpty == true)
    }

    @Test("whole numbers of 64 bits are exact, and a number beyond Double's range is an error")
    func numbers() throws {
        for value in [Int.min, Int.max, 0, 9_007_199_254_740_993] {
            #expect(try read("\(value)".utf8).integer == value)
        }
        #expect(try read("9223372036854775808".utf8).integer == nil)
        #expect(try read("1e2".utf8).integer == 100)
        #expect(try read("0.1".utf8).double == 0.1)
        #expect(fault("[1e400]".utf8) == "at byte 1: a number is out of range")
        #expect(try read((String(repeating: "9", count: 300)).utf8).double == 1e300)
    }

    @Test("keys that differ in their bytes are different keys")
    func keys() throws {
        let json = try read("{\"\u{e9}\": 1, \"e\u{301}\": 2}".utf8)
        #expect(json["\u{e9}"]?.integer == 1 && json["e\u{301}"]?.integer == 2)
    }

    @Test(
        "a fault is reported with its byte",
        arguments: [
            ("", "at byte 0: expected a value, found the end"),
            ("[1", "at byte 2: expected ',' or ']', found the end"),
            ("[1 2]", "at byte 3: expected ',' or ']'"),
            ("{\"a\" 1}", "at byte 5: expected ':'"),
            ("{a: 1}", "at byte 1: expected a string"),
            ("[01]", "at byte 2: a number begins with a zero"),
            ("[+1]", "at byte 1: expected a value"),
            ("[1.]", "at byte 3: expected a value"),
            ("[tru]", "at byte 4: expected 'true'"),
            ("[] x", "at byte 3: expected the end, found more text"),
            ("[\"a\u{1}\"]", "at byte 3: a control character in a string"),
            ("[\"\\x\"]", "at byte 3: an unknown escape in a string"),
            ("[\"\\ud800\"]", "at byte 8: a lone surrogate"),
            ("{\"a\": 1, \"\\u0061\": 2}", "at byte 9: the name \"a\" appears twice in one object"),
        ])
    func places(text: String, description: String) {
        #expect(fault(text.utf8) == description)
    }

    /// Whether a tree is what Foundation's reader made of the same text.
    private func agree(_ json: JSON, _ other: Any) -> Bool {
        switch json {
        case .null: return other is NSNull
        case .bool(let value): return other as? Bool == value
        case .integer, .number:
            // Foundation goes by way of decimals, whose last binary digit may be off.
            guard let number = (other as? NSNumber)?.doubleValue, let value = json.double else {
                return false
            }
            return abs(number - value) <= 1e-15 * abs(value)
        case .string(let text): return (other as? String)?.utf8.elementsEqual(text.utf8) == true
        case .array(let values):
            guard let others = other as? [Any], others.count == values.count else { return false }
            return zip(values, others).allSatisfy(agree)
        case .object(let members):
            // Foundation joins keys that are canonically equivalent.
            guard let others = other as? [String: Any], others.count <= members.count else {
                return false
            }
            return others.count < members.count
                || members.allSatisfy { key, value in
                    others[key].map { agree(value, $0) } ?? false
                }
        }
    }

    @Test("of 20,000 mutated texts none is a crash, and Foundation reads alike what is accepted")
    func mutations() throws {
        let seed = Array(
            #"{"a":[0,-1.5e+3,12345678901234567,true,false,null],"é":{"\u00e9\"":"\ud83d\ude00 \\"}}"#
                .utf8)
        let alphabet = Array(#"{}[]",:\0123456789.eE+-truefalsn"#.utf8) + [0, 0x1f, 0xc3, 0xff]
        var accepted = 0
        for round in 0..<20_000 {
            var generator = RandomKey(seed: 5).child(round).generator()
            var bytes = seed
            for _ in 0...generator.index(below: 3) where !bytes.isEmpty {
                let place = generator.index(below: bytes.count)
                let byte = alphabet[generator.index(below: alphabet.count)]
                switch generator.index(below: 4) {
                case 0: bytes[place] = byte
                case 1: bytes.insert(byte, at: place)
                case 2: bytes.remove(at: place)
                default: bytes.removeSubrange(place..<min(bytes.count, place + 4))
                }
            }
            guard let json = try? read(bytes) else { continue }
            accepted += 1
            let other = try JSONSerialization.jsonObject(
                with: Data(bytes), options: .fragmentsAllowed)
            #expect(agree(json, other), "\(String(decoding: bytes, as: UTF8.self))")
        }
        #expect(accepted > 500 && accepted < 15_000, "\(accepted) accepted")
    }
}
