import Foundation
import Support
import Testing

@Suite("JSON of strangers")
struct CheckedJSONTests {
    private struct Anything: Decodable {
        init(from decoder: any Decoder) throws {}
    }

    private func isAccepted(_ bytes: some Sequence<UInt8>) -> Bool {
        (try? JSONDecoder().decodeChecked(Anything.self, from: Data(bytes))) != nil
    }

    @Test("nesting at and about the decoder's own limit is an error, wherever the text ends")
    func depth() {
        for count in [255, 256, 257, 511, 512, 513, 514, 100_000] {
            for bracket in ["[", "{\"a\":"] {
                #expect(!isAccepted(String(repeating: bracket, count: count).utf8))
            }
            let closed =
                String(repeating: "[", count: count)
                + String(repeating: "]", count: count)
            #expect(isAccepted(closed.utf8) == (count <= JSONReader.maximumDepth))
        }
    }

    @Test("brackets in strings do not count, nor do those after escaped quotes")
    func strings() {
        let brackets = String(repeating: "[", count: 600)
        #expect(isAccepted("[\"\(brackets)\"]".utf8))
        #expect(isAccepted("{\"a\\\"\(brackets)\": \"\\\\\"}".utf8))
        #expect(!isAccepted("[\"a\\\\\", \(brackets)".utf8))
    }

    @Test("UTF-16, which could hide brackets, is an error")
    func wide() throws {
        let text = "[\u{5B22}" + String(repeating: "[", count: 513)
        for encoding in [String.Encoding.utf16LittleEndian, .utf16BigEndian, .utf16] {
            #expect(!isAccepted(try #require(text.data(using: encoding))))
        }
    }
}
