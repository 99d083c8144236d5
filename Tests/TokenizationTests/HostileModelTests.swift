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
                _ = model.encode(text)
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

    @Test("a model written by hand is loaded, so only the faults below are refused")
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
        expectFault(with { $0.add(Data([0xFF, 0xFE]), 0, 1) }, "UTF-8")
        expectFault(with { $0.add("a") }, "already defined")
        expectFault(with { $0.add("b", 0, .unknown) }, "2 unknown")
        expectFault(with { $0.add("<0x00>", 0, .byte) }, "byte")
        expectFault(with { $0.modelType = 7 }, "model type")
        expectFault(.empty, "no pieces")
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

    // MARK: Character maps

    /// A map of `units`, padded to the smallest size, and replacements.
    private func map(_ units: [UInt32], _ replacements: String = "x\0") -> ModelBytes {
        var model = ModelBytes()
        model.add("a")
        let padded = units + Array(repeating: 0x8000_0000, count: max(0, 512 - units.count))
        for value in [UInt32(padded.count * 4)] + padded {
            withUnsafeBytes(of: value.littleEndian) { model.characterMap.append(contentsOf: $0) }
        }
        model.characterMap += Data(replacements.utf8)
        return model
    }

    /// Units in which state 256 leads from "a" to itself, to a value or out.
    private func way(_ target: UInt32, leaf: Bool = false) -> [UInt32] {
        var units = [UInt32](repeating: 0x8000_0000, count: 512)
        units[0] = 256 << 10
        let index = 256 ^ 0x61
        units[index] = (UInt32(index) ^ target) << 10 | (leaf ? 0x100 : 0) | 0x61
        return units
    }

    @Test("tables whose walk would leave them, never end or point beyond are refused")
    func characterMaps() {
        expectFault(map([0x7FFF_FC00]), "outside itself")
        expectFault(map(way(1024)), "outside itself")
        expectFault(map(way(256)), "circle")
        for (value, reason) in [(UInt32(2), "beyond"), (.max, "beyond"), (1, "into a character")] {
            var units = way(512, leaf: true) + [UInt32](repeating: 0x8000_0000, count: 512)
            units[512] = 0x8000_0000 | value
            expectFault(map(units, value == 1 ? "é\0" : "x\0"), reason)
        }
        var model = map(way(256))
        model.characterMap = model.characterMap.prefix(700)
        expectFault(model, "character map")
        expectFault(map(way(0), String(repeating: "y", count: 300) + "\0"), "replacement")
        var denormalizer = ModelBytes()
        denormalizer.add("a")
        denormalizer.denormalizerMap = map(way(256)).characterMap
        expectFault(denormalizer, "circle")
    }

    @Test("damaged tables of a real model are refused or harmless, whatever is encoded")
    func damagedMaps() throws {
        let whole = try VocabularyTrainer.train(["a text of no meaning at all"], size: 40)
        let range = try #require(ModelBytes.characterMapRange(whole))
        #expect(fault(whole) == nil)
        var generator = RandomKey(seed: 11).generator()
        for round in 0..<300 {
            var bytes = whole
            for _ in 0...generator.index(below: round % 3 == 0 ? 400 : 3) {
                let index = range.lowerBound + 4 + generator.index(below: range.count - 4)
                bytes[index] = UInt8(truncatingIfNeeded: generator.next())
            }
            _ = fault(bytes)
        }
    }
}
