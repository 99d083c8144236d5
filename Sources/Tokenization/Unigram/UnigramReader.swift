import Foundation
import SentencePieceProtobuf
import Support
import SwiftProtobuf

/// Reads the vocabulary of ALBERT's and DeBERTa-v2's tokenizers: from `tokenizer.json` where there is one,
/// as Hugging Face's library does, else from the SentencePiece model.
///
/// From `tokenizer.json` come the pieces, the table of normalisations and the added tokens; the
/// steps are those of the tokenizer's class. The control pieces and the user-defined ones of a
/// SentencePiece model are found in the raw text, before it is split into words.
struct UnigramReader {
    private typealias Piece = (piece: String, score: Double)

    private let family: UnigramRules.Family
    private let settings: TokenizerSettings
    private let url: URL

    init(_ family: UnigramRules.Family, _ settings: TokenizerSettings, _ url: URL) {
        self.family = family
        self.settings = settings
        self.url = url
    }

    /// - Throws: ``TokenizationError``, ``FileError``.
    func tokenizer() throws -> UnigramTokenizer {
        if settings.flag("split_by_punct") == true {
            throw unsupported("split_by_punct")
        }
        if settings.flag("add_prefix_space") == false {
            throw unsupported("add_prefix_space: false")
        }
        return UnigramTokenizer(
            try url.pathExtension == "json" ? readJSON() : readModel())
    }

    private func unsupported(_ what: String) -> TokenizationError {
        .badConfiguration(path: settings.url.path, reason: "\(what) is not supported")
    }

    private func bad(_ reason: String) -> TokenizationError {
        url.pathExtension == "json"
            ? VocabularyFiles.bad(url, reason) : .badModel(path: url.path, reason: reason)
    }

    // MARK: Sources

    private func readModel() throws -> UnigramParts {
        // Checked and digested like any model before its pieces are looked at.
        let loaded = try SentencePieceModel(contentsOf: url)
        let message: ModelProto
        do {
            message = try ModelProto(serializedBytes: Data(contentsOf: url))
        } catch {
            throw bad("it is not a protocol buffer of that kind")
        }
        guard message.trainerSpec.modelType == .unigram else {
            throw bad("it is not a unigram model")
        }
        let pieces = message.pieces.map { (piece: $0.piece, score: Double($0.score)) }
        let added = message.pieces.enumerated().filter { _, piece in
            piece.type == .control || piece.type == .userDefined
        }.map { id, piece in
            AddedTokens.Token(content: Array(piece.piece.unicodeScalars), id: Int32(id))
        }
        return try parts(
            pieces, added, characterMap: message.normalizerSpec.precompiledCharsmap,
            digest: loaded.digest)
    }

    private func readJSON() throws -> UnigramParts {
        let json = try VocabularyFiles.json(url)
        guard json["model"]?["type"]?.string == "Unigram" else {
            throw bad("expected a Unigram model")
        }
        guard let entries = json["model"]?["vocab"]?.array, !entries.isEmpty,
            entries.count <= ModelValidation.maximumPieces
        else { throw bad("expected a vocabulary, a list of pieces with scores") }
        let pieces = try entries.enumerated().map { index, entry -> Piece in
            guard let parts = entry.array, parts.count == 2, let piece = parts[0].string,
                let score = parts[1].double, piece.utf8.count <= ModelValidation.maximumPieceBytes
            else { throw bad("piece \(index): expected a text and a score") }
            return (piece, score)
        }
        let added = try TokenizerJSON(url).added { piece in
            pieces.firstIndex { $0.piece.utf8.elementsEqual(piece.utf8) }.map(Int32.init)
        }
        if let token = added.first(where: \.isNormalized) {
            let text = String(String.UnicodeScalarView(token.content))
            throw bad("the added token '\(text)' is matched in normalised text: not supported")
        }
        var map = Data()
        let normalizer = json["normalizer"]
        for step in normalizer?["normalizers"]?.array ?? [normalizer].compactMap({ $0 })
        where step["type"]?.string == "Precompiled" {
            guard let text = step["precompiled_charsmap"]?.string,
                let data = Data(base64Encoded: text)
            else { throw bad("the table of normalisations is not valid base64") }
            map = data
            break
        }
        var builder = DigestBuilder()
        try builder.add(contentsOf: url)
        return try parts(pieces, added, characterMap: map, digest: builder.hexadecimal())
    }

    // MARK: Special tokens

    /// Names of the special tokens and their defaults in the classes.
    private var specials: [(key: String, text: String)] {
        switch family {
        case .albert:
            [
                ("unk_token", "<unk>"), ("sep_token", "[SEP]"), ("pad_token", "<pad>"),
                ("cls_token", "[CLS]"), ("mask_token", "[MASK]"),
            ]
        case .deBERTa:
            [
                ("unk_token", "[UNK]"), ("sep_token", "[SEP]"), ("pad_token", "[PAD]"),
                ("cls_token", "[CLS]"), ("mask_token", "[MASK]"),
            ]
        }
    }

    private func parts(
        _ pieces: [Piece], _ added: [AddedTokens.Token], characterMap: Data, digest: String
    ) throws -> UnigramParts {
        var added = added
        var ids: [String: Int32] = [:]
        for (key, standard) in specials {
            let text = settings.token(key) ?? standard
            let content = Array(text.unicodeScalars)
            guard (1...AddedTokens.maximumScalars).contains(content.count) else {
                throw TokenizationError.missingPiece(path: url.path, piece: text)
            }
            let known = added.firstIndex { $0.content == content }
            var id = known.map { added[$0].id }
            id = id ?? pieces.firstIndex { $0.piece.utf8.elementsEqual(text.utf8) }.map(Int32.init)
            // DeBERTa's models end before the mask, which gets the next id.
            let next = max(Int32(pieces.count), (added.map(\.id).max() ?? -1) + 1)
            guard let id = id ?? (key == "mask_token" ? next : nil) else {
                throw TokenizationError.missingPiece(path: url.path, piece: text)
            }
            ids[key] = id
            let token = AddedTokens.Token(
                content: content, id: id, swallowsLeft: settings.swallowsLeft(key) ?? false)
            if known == nil { added.append(token) }
            if let known, let swallowsLeft = settings.swallowsLeft(key) {
                added[known].swallowsLeft = swallowsLeft
            }
        }
        try checkAdded(added, pieces)
        guard let unknown = ids["unk_token"], let begin = ids["cls_token"],
            let separator = ids["sep_token"], unknown < pieces.count
        else { throw TokenizationError.missingPiece(path: url.path, piece: "unk_token") }
        // The classes rely on these ids.
        if family == .albert, unknown != 1 {
            throw bad("the unknown piece has id \(unknown): expected 1")
        }
        if family == .deBERTa, pieces[Int(unknown)].score != 0 {
            throw bad("the unknown piece has a score of \(pieces[Int(unknown)].score): expected 0")
        }
        guard let model = UnigramModel(pieces, unknownID: unknown) else {
            throw bad("its pieces are empty, appear twice or are too long together")
        }
        var rules = UnigramRules(
            family: family, lowercases: settings.flag("do_lower_case") ?? (family == .albert),
            stripsAccents: !(settings.flag("keep_accents") ?? false))
        if family == .albert, !characterMap.isEmpty {
            guard let characters = CharacterNormalizer(characterMap) else {
                throw bad("its table of normalisations is damaged")
            }
            rules.characters = characters
        }
        return UnigramParts(
            model: model, rules: rules, added: added,
            template: .bert(begin: begin, separator: separator), digest: digest)
    }

    /// Tokens that the vocabulary does not have are numbered from its end on, without a gap.
    private func checkAdded(_ added: [AddedTokens.Token], _ pieces: [Piece]) throws {
        guard added.count <= AddedTokens.maximumCount else {
            throw bad("\(added.count) added tokens: expected at most \(AddedTokens.maximumCount)")
        }
        let beyond = added.map { Int($0.id) }.filter { $0 >= pieces.count }.sorted()
        guard beyond == Array(pieces.count..<pieces.count + beyond.count) else {
            throw bad("added tokens have ids \(beyond.prefix(5)): expected \(pieces.count) and on")
        }
    }
}
