import Foundation
import SentencePieceProtobuf
import SwiftProtobuf

/// `tokenizer.json` of a SentencePiece unigram model, for `tokenizers` as it is for SentencePiece.
///
/// The library's own step for SentencePiece's table (`Precompiled`) looks up clusters of characters
/// and drops what does not match (`ﬁ` with an accent loses the accent), so here it is given one
/// character at a time: first a mark goes after every sequence that SentencePiece would replace as a
/// whole, then one between all other characters; after the replacement the inner marks are removed,
/// what belongs together is composed, and the other marks are removed.
struct SentencePieceFile {
    /// Noncharacters (Unicode 16, 23.7), which no text has.
    private static let innerMark = "\u{DFFFE}"
    private static let outerMark = "\u{EFFFE}"
    /// Before a piece that SentencePiece never finds in a text: the rules remove this character.
    private static let hidden = "\u{1}"

    private let model: ModelProto

    /// - Returns: `nil` for what is not a model of the kind that can be written.
    init?(_ data: Data) {
        guard let model = try? ModelProto(serializedBytes: data) else { return nil }
        let rules = model.normalizerSpec
        guard model.trainerSpec.modelType == .unigram, rules.escapeWhitespaces,
            !model.trainerSpec.treatWhitespaceAsSuffix, !model.trainerSpec.byteFallback
        else { return nil }
        let known: Set<ModelProto.SentencePiece.TypeEnum> = [.normal, .control, .unknown, .unused]
        guard model.pieces.allSatisfy({ known.contains($0.type) && $0.score.isFinite }) else {
            return nil
        }
        self.model = model
    }

    /// - Parameters:
    ///   - specials: tokens that come before the pieces.
    ///   - skipped: pieces at the beginning that are none of the tokens.
    ///   - unknownID: the token for what cannot be spelled.
    func file(
        specials: [String], skipped: Int, unknownID: Int32, template: Template
    ) -> TokenizerFile? {
        guard let steps = normalizers() else { return nil }
        var vocabulary = specials.map { entry(Self.hidden + $0, 0) }
        vocabulary += model.pieces.dropFirst(skipped).map { piece in
            piece.type == .normal
                ? entry(piece.piece, piece.score) : entry(Self.hidden + piece.piece, 0)
        }
        let metaspace = JSONText.object([
            "type": "Metaspace", "replacement": "\u{2581}", "prepend_scheme": "always",
            "split": false,
        ])
        return TokenizerFile(
            normalizer: TokenizerFile.sequence(normalizers: steps), decoder: metaspace,
            model: .object([
                "type": "Unigram", "unk_id": JSONText(unknownID), "byte_fallback": false,
                "vocab": .array(vocabulary),
            ]), template: template)
    }

    private func entry(_ piece: String, _ score: Float) -> JSONText {
        .array([JSONText(piece), JSONText(Double(score))])
    }

    private func normalizers() -> [JSONText]? {
        let rules = model.normalizerSpec
        var steps: [JSONText] = []
        if !rules.precompiledCharsmap.isEmpty {
            guard let characters = CharacterRules(rules.precompiledCharsmap),
                characters.single["\u{1}"] == ""
            else { return nil }
            steps += replacements(characters, rules.precompiledCharsmap)
        }
        if rules.removeExtraWhitespaces {
            steps.append(TokenizerFile.replace(regex: " {2,}", " "))
            steps.append(TokenizerFile.replace(regex: "^ | $", ""))
        }
        steps.append(TokenizerFile.replace(" ", "\u{2581}"))
        if rules.addDummyPrefix {
            steps.append(.object(["type": "Prepend", "prepend": "\u{2581}"]))
        }
        return steps
    }

    private func replacements(_ rules: CharacterRules, _ table: Data) -> [JSONText] {
        let (inner, outer) = (Self.innerMark, Self.outerMark)
        // Nothing is put between ASCII characters, which keeps most texts fast.
        let others = "[^\\x00-\\x7F]"
        let single = "(?m:.)(?=\(others))"
        let places = rules.pattern.map { "(?:(?>\($0))|\(single))\\K" } ?? "\(single)\\K"
        return [
            TokenizerFile.replace(regex: places, outer),
            TokenizerFile.replace(
                regex: "(?<=[^\\x{EFFFE}])(?=[^\\x00-\\x7F\\x{EFFFE}])", inner),
            .object([
                "type": "Precompiled",
                "precompiled_charsmap": JSONText(table.base64EncodedString()),
            ]),
            TokenizerFile.replace(inner, ""), .object(["type": "NFC"]),
            TokenizerFile.replace(outer, ""),
        ]
    }
}

extension SentencePieceTokenizer {
    /// Tokens that come before the pieces, and how many pieces are left out for them.
    private var head: (specials: [String], skipped: Int) {
        switch scheme {
        case .xlmRoberta: (["<s>", "<pad>", "</s>", "<unk>"], 3)
        case .camembert: (["<s>NOTUSED", "<pad>", "</s>NOTUSED", "<unk>"], 0)
        case .classifierSeparator: ([], 0)
        }
    }

    public var pieces: [Int32: String] {
        let (specials, skipped) = head
        var pieces: [Int32: String] = [:]
        for (id, name) in specials.enumerated() { pieces[Int32(id)] = name }
        for id in skipped..<max(skipped, model.size) {
            pieces[Int32(specials.count + id - skipped)] = model.piece(Int32(id))
        }
        return pieces
    }

    public func tokenizerJSON(maximumLength: Int) -> Data? {
        let (specials, skipped) = head
        let unknown = specials.isEmpty ? model.unknownID : 3
        guard
            let file = SentencePieceFile(model.data)?.file(
                specials: specials, skipped: skipped, unknownID: unknown, template: template)
        else { return nil }
        let names = pieces
        return file.data(maximumLength: maximumLength) { names[$0] }
    }
}
