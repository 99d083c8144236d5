import Foundation
import Support
import Testing
import Tokenization

@Suite("SentencePiece models that would crash its loader")
struct HostileModelTests {
    /// Every byte value, characters of many scripts, and bytes that are no text.
    private static let texts: [String] = {
        var texts = [String(decoding: (0...255).map { UInt8($0) }, as: UTF8.self)]
        texts.append("Ａ ㎡ ﬁ é e\u{301} 中文 हिन्दी עברית 🧪 ½ … \u{2581} \0 \u{FEFF}")
        var generator = RandomKey(seed: 5).generator()
        var scalars = String.UnicodeScalarView()
        for _ in 0..<2000 {
            if let scalar = Unicode.Scalar(UInt32(generator.index(below: 0x1_1000))) {
                scalars.append(scalar)
            }
        }
        texts.append(String(scalars))
        return texts
    }()

    private func fault(_ bytes: Data) -> String? {
        do {
            let model = try SentencePieceModel(bytes, path: "hostile")
            for text in Self.texts {
                let ids = model.encode(text)
                _ = ids.map { model.piece($0) }
                _ = model.decode(ids)
            }
            return nil
        } catch { return "\(error)" }
    }

    private func expectFault(
        _ model: ModelBytes, _ text: String, at location: SourceLocation = #_sourceLocation
    ) {
        let found = fault(model.data)
        #expect(found?.contains(text) == true, "\(found ?? "accepted")", sourceLocation: location)
    }

    @Test("a model spelt by hand is loaded, so that the faults below are what is refused")
    func sound() throws {
        for type in UInt8(1)...4 {
            var model = ModelBytes()
            model.modelType = type
            model.add("a")
            #expect(fault(model.data) == nil)
        }
    }

    @Test("empty, endless, cut and nameless pieces are refused")
    func pieces() {
        func with(_ change: (inout ModelBytes) -> Void) -> ModelBytes {
            var model = ModelBytes()
            model.add("a")
            change(&model)
            return model
        }
        expectFault(with { $0.add("") }, "is empty")
        expectFault(with { $0.add(String(repeating: "b", count: 2_000_000)) }, "4096")
        expectFault(with { $0.add("b\0c") }, "NUL")
        expectFault(with { $0.add("b", .nan) }, "not finite")
        expectFault(with { $0.add("b", -.infinity) }, "not finite")
        expectFault(with { $0.add(Data("b".utf8), 0, 9) }, "no known type")
        expectFault(with { $0.add(Data([0xFF, 0xFE]), 0, 1) }, "protocol buffer")
        expectFault(with { $0.add("a") }, "already defined")
        expectFault(with { $0.add("b", 0, .unknown) }, "2 unknown")
        expectFault(with { $0.add("<0x00>", 0, .byte) }, "byte")
        expectFault(with { $0.modelType = 7 }, "model type")
        expectFault(.empty, "0 pieces")
    }

    @Test("more nested user-defined pieces than SentencePiece has room for are refused")
    func nestedPieces() {
        for (count, isSound) in [(64, true), (65, false), (300, false)] {
            var model = ModelBytes()
            model.add("z")
            for length in 1...count {
                model.add(String(repeating: "a", count: length), 0, .userDefined)
                model.add("b\(length)", 0, .userDefined)
            }
            let found = fault(model.data)
            #expect((found == nil) == isSound)
        }
    }

    @Test("a scrambled character map is refused, or safe with every text")
    func characterMaps() throws {
        let whole = try VocabularyTrainer.train(
            ["the quick brown fox jumps over the lazy dog"], size: 30)
        let map = try #require(Self.characterMap(of: whole))
        var generator = RandomKey(seed: 11).generator()
        var refused = 0
        for round in 0..<150 {
            var bytes = map
            for _ in 0..<(round % 5 == 0 ? 4000 : 1 + generator.index(below: 40)) {
                bytes[generator.index(below: bytes.count)] = UInt8(
                    truncatingIfNeeded: generator.next())
            }
            var model = ModelBytes()
            model.add("a")
            if round % 2 == 0 { model.normalizer = bytes } else { model.denormalizer = bytes }
            if fault(model.data) != nil { refused += 1 }
        }
        #expect(refused > 20)
        var sound = ModelBytes()
        sound.add("a")
        sound.normalizer = map
        #expect(fault(sound.data) == nil)
    }

    /// The normaliser's table of a model file: field 3, then field 2.
    private static func characterMap(of model: Data) -> Data? {
        func fields(_ data: Data) -> [(number: Int, bytes: Data)] {
            var fields: [(number: Int, bytes: Data)] = []
            var place = data.startIndex
            func varint() -> Int {
                var value = 0
                var shift = 0
                while place < data.endIndex {
                    let byte = data[place]
                    place += 1
                    value |= Int(byte & 127) << shift
                    if byte < 128 { break }
                    shift += 7
                }
                return value
            }
            while place < data.endIndex {
                let tag = varint()
                switch tag & 7 {
                case 0: _ = varint()
                case 5: place += 4
                case 1: place += 8
                default:
                    let count = varint()
                    fields.append((tag >> 3, data[place..<place + count]))
                    place += count
                }
            }
            return fields
        }
        let normalizer = fields(model).last { $0.number == 3 }
        return normalizer.flatMap { part in
            fields(part.bytes).first { $0.number == 2 }.map { Data($0.bytes) }
        }
    }
}
