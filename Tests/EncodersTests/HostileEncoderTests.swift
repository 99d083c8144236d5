import Foundation
import Support
import TestMutations
import TestSupport
import Testing

@testable import Encoders

@Suite("Encoders from strangers")
struct HostileEncoderTests {
    @Test(
        "sizes that the weights do not have are refused when a directory is opened, not when memory is taken",
        arguments: ["hidden_size", "intermediate_size", "vocab_size", "max_position_embeddings"])
    func sizes(_ key: String) throws {
        let directory = try TinyEncoder.temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        try TinyEncoder.write(to: directory)
        #expect(throws: Never.self) { try Encoder(directory: directory) }
        let url = directory.appendingPathComponent("config.json")
        var object =
            try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any] ?? [:]
        object[key] = 65_536
        try JSONSerialization.data(withJSONObject: object).write(to: url)
        do {
            _ = try Encoder(directory: directory)
            Issue.record("accepted")
        } catch let error as any DiagnosedError {
            #expect(error.kind == .badInput)
        }
    }

    @Test("a damaged listing of a hub is refused or names files inside of the directory only")
    func listings() throws {
        let sha = String(repeating: "a", count: 40)
        let names = [
            "config.json", "model.safetensors.index.json", "one.safetensors", "vocab.txt",
            "onnx/model.onnx", "../outside", "/etc/passwd", "a/../../b", "c\\d", "e\u{0}f",
        ]
        let siblings = names.map { #"{"rfilename":"\#($0)"}"# }
        let url = try #require(URL(string: "https://example.org/api"))
        let index = Array(#"{"weight_map":{"a":"one.safetensors","b":"../two"}}"#.utf8)
        let mutator = Mutator(
            tokens: names + ["\"", "..", "/", "\\u002e", "\\/", "\\\\", "{", "}"],
            maximumBytes: 1 << 14)
        for round in 0..<2_000 {
            var generator = RandomKey(seed: 7).child(round).generator()
            // Sound names, or one that leads out.
            let kept = siblings.prefix(round % 2 == 0 ? 5 : 5 + round % 6)
            let list = kept.joined(separator: ",")
            let body = Array(#"{"sha":"\#(sha)","siblings":[\#(list)]}"#.utf8)
            let bytes = round < 12 ? body : mutator.mutate(body, using: &generator)
            do {
                let listing = try HubListing(Data(bytes), repository: "o/n", url: url)
                let weights = try listing.weightFiles(
                    "o/n", index: Data(mutator.mutate(index, using: &generator)))
                for name in try listing.files + listing.smallFiles("o/n") + weights {
                    let path = URL(fileURLWithPath: "/cache/").appendingPathComponent(name)
                        .standardizedFileURL.path
                    #expect(path.hasPrefix("/cache/"), "\(name)")
                    #expect(!name.utf8.contains(0) && !name.hasPrefix("/"))
                }
            } catch {
                #expect(error is any DiagnosedError, "\(error)")
            }
        }
    }
}
