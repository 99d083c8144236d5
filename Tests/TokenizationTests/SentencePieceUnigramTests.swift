import Foundation
import Support
import Testing

@testable import Tokenization

/// What reads a unigram model where it lies, beside SentencePiece's own library.
@Suite("Unigram models without SentencePiece's library")
struct SentencePieceUnigramTests {
    /// Texts of many kinds, and made up from pieces and characters that some model has.
    private static let texts: [String] = {
        var texts = [
            "", " ", "  \n\t ", "\u{2581}", "\u{2581}\u{2581} a", "a", " a  b ", "a\u{2581}", "\0",
            "a\0b",
            "the quick brown fox jumps over the lazy dog", "Ａ ㎡ ﬁ é e\u{301} 中文 हिन्दी עברית 🧪 ½ …",
            "\u{FEFF}x\u{200B}y\u{AD}z", "unknown ☃☃☃ and 𒀀𒀁 or \u{10FFFF}", "\u{301}\u{301}",
            "ｶﾞｷﾞ ㌀ ﷺ",
            String(repeating: "lazy", count: 300), String(repeating: "☃ ", count: 300),
        ]
        var generator = RandomKey(seed: 11).generator()
        let parts = [
            "a", "b", "ab", " ", "  ", "é", "\u{301}", "中", "☃", "fox", "\u{3000}", "ﬁ", "\n", "-",
        ]
        for _ in 0..<400 {
            let count = generator.index(below: 24)
            texts.append(
                (0..<count).map { _ in parts[generator.index(below: parts.count)] }.joined())
        }
        for _ in 0..<200 {
            var scalars = String.UnicodeScalarView()
            for _ in 0..<generator.index(below: 40) {
                let below = [0x80, 0x800, 0x3400, 0x1_1000][generator.index(below: 4)]
                if let scalar = Unicode.Scalar(UInt32(generator.index(below: below))) {
                    scalars.append(scalar)
                }
            }
            texts.append(String(scalars))
        }
        return texts
    }()

    private func expectSame(
        _ bytes: Data, isOwn: Bool = true, _ name: String,
        at location: SourceLocation = #_sourceLocation
    ) throws {
        let own = bytes.withUnsafeBytes { SentencePieceUnigram($0) }
        #expect((own != nil) == isOwn, "\(name)", sourceLocation: location)
        let model = try SentencePieceModel(bytes, path: name)
        let library = try SentencePieceModel(bytes, path: name, usesLibrary: true)
        #expect(model.size == library.size && model.unknownID == library.unknownID)
        for text in Self.texts {
            let (found, expected) = (model.encode(text), library.encode(text))
            #expect(
                found == expected, "\(name): \(text.debugDescription)", sourceLocation: location)
        }
        for id in Int32(-1)...Int32(model.size) {
            let piece = library.piece(id)
            #expect(model.piece(id) == piece)
            if let piece { #expect(model.id(piece) == library.id(piece)) }
        }
        #expect(model.id("no such piece") == nil)
    }

    private static func trained(_ size: Int) throws -> Data {
        try VocabularyTrainer.train(
            [
                "the quick brown fox jumps over the lazy dog", "é ab 中文 fox - ab a b lazy fi ab",
                "b a ba ab",
            ],
            size: size)
    }

    @Test("the ids of a trained model are those of the library", arguments: [40, 50, 60])
    func trained(_ size: Int) throws { try expectSame(Self.trained(size), "\(size)") }

    /// A table of replacements that a model was trained with.
    private static func map() throws -> Data {
        let bytes = try trained(40)
        return bytes[try #require(ModelBytes.characterMapRange(bytes))]
    }

    @Test(
        "equal and nearly equal scores, long pieces and pieces of spaces are taken as the library takes them"
    )
    func ties() throws {
        for (name, map) in [("plain", Data()), ("with a table", try Self.map())] {
            var generator = RandomKey(seed: 3).generator()
            for round in 0..<12 {
                var model = ModelBytes()
                model.characterMap = map
                var seen: Set<String> = []
                let parts = ["a", "b", "ab", "\u{2581}", "é", "中", "fo", "x", "-"]
                for _ in 0..<30 {
                    let count = 1 + generator.index(below: 4)
                    let piece = (0..<count).map { _ in parts[generator.index(below: parts.count)] }
                        .joined()
                    guard seen.insert(piece).inserted else { continue }
                    // Sums of thirds round, and sums of whole numbers tie.
                    let score = Float(generator.index(below: 5)) * (round % 2 == 0 ? -1 : -1 / 3)
                    model.add(piece, round % 3 == 2 ? score * 1e6 : score)
                }
                try expectSame(model.data, "\(name) \(round)")
            }
        }
    }

    @Test("each way to clean a text is the library's")
    func normalizers() throws {
        let map = try Self.map()
        for spaceBefore in [UInt8(0), 1] {
            for removing in [UInt8(0), 1] {
                for map in [Data(), map] {
                    var model = ModelBytes()
                    for piece in ["\u{2581}", "a", "b", "\u{2581}a", "fi", "ab", "\u{FFFD}"] {
                        model.add(piece)
                    }
                    let normalizer =
                        (map.isEmpty ? Data() : ModelBytes.field(2, map))
                        + Data([3 << 3, spaceBefore, 4 << 3, removing])
                    try expectSame(
                        model.data + ModelBytes.field(3, normalizer),
                        "\(spaceBefore) \(removing) \(map.count)")
                }
            }
        }
    }

    @Test("what is rare is left to the library, and refused where the library refuses it")
    func others() throws {
        func model(_ change: (inout ModelBytes) -> Void) -> Data {
            var model = ModelBytes()
            for piece in ["\u{2581}", "a", "b", "\u{2581}a", "ab"] { model.add(piece) }
            change(&model)
            return model.data
        }
        for (name, bytes) in [
            ("user-defined", model { $0.add("ba", 0, .userDefined) }),
            ("unused", model { $0.add("ba", 0, .unused) }),
            ("pieces by bytes", model { $0.modelType = 2 }),
            ("characters", model { $0.modelType = 4 }),
            ("long", model { $0.add(String(repeating: "ab", count: 150)) }),
            ("spaces stay", model { _ in } + ModelBytes.field(3, Data([5 << 3, 0]))),
        ] { try expectSame(bytes, isOwn: false, name) }
        for (name, bytes) in [
            ("twice", model { $0.add("ab") }), ("twice", model { $0.add("<s>", 0, .control) }),
            ("no pieces", ModelBytes().data),
        ] {
            #expect(bytes.withUnsafeBytes { SentencePieceUnigram($0) } == nil)
            #expect(throws: TokenizationError.self, "\(name)") {
                try SentencePieceModel(bytes, path: name)
            }
        }
        // A control piece and a normal one may have one name.
        try expectSame(model { $0.add("a", 0, .control) }, "two of one name")
    }

    @Test("a piece is found by its bytes, whatever its hash, and not twice")
    func hashes() throws {
        var table = PieceTable(capacity: 8)
        let file = Data("abcabcabd".utf8)
        file.withUnsafeBytes { file in
            func piece(_ range: Range<Int>) -> UnsafeRawBufferPointer {
                UnsafeRawBufferPointer(rebasing: file[range])
            }
            let added = [
                table.add(piece(0..<3), isFound: true, in: file),
                table.add(piece(3..<6), isFound: true, in: file),
                table.add(piece(6..<9), isFound: false, in: file),
            ]
            #expect(added == [true, false, true])
            let hash = PieceTable.hash(piece(0..<3))
            #expect(table.find(piece(3..<6), hash, in: file) == 0)
            #expect(table.find(piece(6..<9), hash, in: file) == nil)
            #expect(table.find(piece(6..<9), PieceTable.hash(piece(6..<9)), in: file) == nil)
        }
    }
}
