import Foundation
import Support

/// Finds the tokenizer of a Hugging Face style directory.
public enum TokenizerLoader {
    /// Files that hold a SentencePiece model, the most specific first.
    private static let sentencePieceNames = [
        "sentencepiece.bpe.model", "spiece.model", "tokenizer.model", "spm.model",
    ]

    /// Reads the tokenizer of a directory.
    ///
    /// A SentencePiece model comes first, then `tokenizer.json`, `vocab.txt` (WordPiece), and
    /// `vocab.json` with `merges.txt` (byte-level BPE); the tokenizer's class decides where there
    /// are several, and must be one that can read what there is. ALBERT and DeBERTa-v2 take
    /// `tokenizer.json` first, as Hugging Face's library does.
    ///
    /// - Throws: ``FileError``, ``TokenizationError``.
    public static func load(directory: URL) throws -> any Tokenizer {
        let settings = try TokenizerSettings(directory)
        let kind = try TokenizerKind.named(settings)
        let files = try files(directory, kind)
        if case .unigram(let family) = kind {
            return try UnigramReader(family, settings, files[0]).tokenizer()
        }
        switch files[0].lastPathComponent {
        case "tokenizer.json":
            let json = try TokenizerJSON(files[0])
            if let kind, kind.jsonModel != json.modelType {
                throw TokenizationError.badConfiguration(
                    path: files[0].path,
                    reason: "a \(json.modelType) model, but the tokenizer's class reads "
                        + kind.jsonModel)
            }
            return try json.tokenizer(settings)
        case "vocab.txt":
            return try WordPieceTokenizer(TokenizerParts.wordPiece(files[0], settings))
        case "vocab.json":
            return try BytePairTokenizer(TokenizerParts.bytePair(files[0], files[1], settings))
        default:
            let model = try SentencePieceModel(contentsOf: files[0])
            return try SentencePieceTokenizer(
                model, scheme: scheme(kind, settings, model), path: files[0].path)
        }
    }

    /// The files that hold the directory's vocabulary: one, or `vocab.json` and `merges.txt`.
    ///
    /// A copy of them with `tokenizer_config.json` and `special_tokens_map.json`, where these
    /// exist, is a copy of the tokenizer.
    /// - Throws: ``TokenizationError``.
    public static func files(_ directory: URL) throws -> [URL] {
        try files(directory, try TokenizerKind.named(TokenizerSettings(directory)))
    }

    /// Copies all files of a directory's tokenizer.
    /// - Throws: ``TokenizationError``, ``FileError``.
    public static func copy(from directory: URL, to target: URL) throws {
        let settings = ["tokenizer_config.json", "special_tokens_map.json"].map {
            directory.appendingPathComponent($0)
        }
        let manager = FileManager.default
        for file in try files(directory) + settings where manager.fileExists(atPath: file.path) {
            let copy = target.appendingPathComponent(file.lastPathComponent)
            try FileError.writing(copy) {
                try manager.copyItem(at: file.resolvingSymlinksInPath(), to: copy)
            }
        }
    }

    private static func files(_ directory: URL, _ kind: TokenizerKind?) throws -> [URL] {
        func there(_ names: String...) -> [URL]? {
            let urls = names.map { directory.appendingPathComponent($0) }
            return urls.allSatisfy { FileManager.default.fileExists(atPath: $0.path) } ? urls : nil
        }
        let found: [URL]?
        switch kind {
        case .sentencePiece: found = try sentencePiece(directory)
        case .unigram: found = try there("tokenizer.json") ?? sentencePiece(directory)
        case .wordPiece: found = there("tokenizer.json") ?? there("vocab.txt")
        case .bytePair: found = there("tokenizer.json") ?? there("vocab.json", "merges.txt")
        case nil:
            found =
                try sentencePiece(directory) ?? there("tokenizer.json") ?? there("vocab.txt")
                ?? there("vocab.json", "merges.txt")
        }
        guard let found else { throw TokenizationError.noModel(directory: directory.path) }
        return found
    }

    private static func sentencePiece(_ directory: URL) throws -> [URL]? {
        for name in sentencePieceNames {
            let url = directory.appendingPathComponent(name)
            if FileManager.default.fileExists(atPath: url.path) { return [url] }
        }
        let names =
            (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        let models = names.filter { $0.hasSuffix(".model") }.sorted()
        guard models.count <= 1 else {
            throw TokenizationError.ambiguousModel(directory: directory.path, files: models)
        }
        return models.first.map { [directory.appendingPathComponent($0)] }
    }

    /// The class decides, as an encoder of one architecture may carry the vocabulary of another
    /// (multilingual-e5-small is a BERT with XLM-R's); without it the architecture; without a hint
    /// there, the special pieces that the model has.
    private static func scheme(
        _ kind: TokenizerKind?, _ settings: TokenizerSettings, _ model: SentencePieceModel
    ) -> SpecialTokenScheme {
        if case .sentencePiece(let scheme) = kind { return scheme }
        if let name = settings.modelType, case .sentencePiece(let scheme) = TokenizerKind(name) {
            return scheme
        }
        if model.id("[CLS]") != nil, model.id("[SEP]") != nil { return .classifierSeparator }
        return .xlmRoberta
    }
}
