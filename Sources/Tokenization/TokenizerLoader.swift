import Foundation
import Support

/// Finds the tokenizer of a Hugging Face style directory.
public enum TokenizerLoader {
    /// Files that hold a SentencePiece model, the most telling first.
    static let fileNames = [
        "sentencepiece.bpe.model", "spiece.model", "tokenizer.model", "spm.model",
    ]

    /// - Throws: ``FileError``, ``TokenizationError``.
    public static func load(directory: URL) throws -> any Tokenizer {
        let file = try modelFile(directory)
        let model = try SentencePieceModel(contentsOf: file)
        return try SentencePieceTokenizer(
            model, scheme: try scheme(directory, file, model), path: file.path)
    }

    /// The directory's SentencePiece model.
    public static func modelFile(_ directory: URL) throws -> URL {
        for name in fileNames {
            let url = directory.appendingPathComponent(name)
            if FileManager.default.fileExists(atPath: url.path) { return url }
        }
        let names =
            (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        let models = names.filter { $0.hasSuffix(".model") }.sorted()
        guard models.count <= 1 else {
            throw TokenizationError.ambiguousModel(directory: directory.path, files: models)
        }
        guard let name = models.first else {
            throw TokenizationError.noModel(directory: directory.path)
        }
        return directory.appendingPathComponent(name)
    }

    /// The tokenizer's class decides, as an encoder of one architecture may carry the vocabulary of
    /// another (multilingual-e5-small is a BERT with XLM-R's); without it the architecture; without a
    /// hint there, the special pieces that the model has. A class that numbers its tokens in another
    /// way is refused: its ids would look right and mean nothing.
    private static func scheme(
        _ directory: URL, _ file: URL, _ model: SentencePieceModel
    ) throws -> SpecialTokenScheme {
        let settings = directory.appendingPathComponent("tokenizer_config.json")
        if let name = try text(settings, "tokenizer_class"), !genericClasses.contains(name) {
            guard let scheme = scheme(named: name) else {
                throw TokenizationError.unsupportedTokenizer(path: settings.path, name: name)
            }
            return scheme
        }
        let architecture = directory.appendingPathComponent("config.json")
        if let name = try text(architecture, "model_type"), let scheme = scheme(named: name) {
            return scheme
        }
        if model.id("[CLS]") != nil, model.id("[SEP]") != nil { return .classifierSeparator }
        return .xlmRoberta
    }

    /// Classes that say nothing about the tokens.
    private static let genericClasses: Set<String> = [
        "", "PreTrainedTokenizer", "PreTrainedTokenizerFast", "TokenizersBackend",
    ]

    /// The scheme of a tokenizer class (`XLMRobertaTokenizerFast`) or an architecture
    /// (`xlm-roberta`).
    private static func scheme(named name: String) -> SpecialTokenScheme? {
        let name = name.lowercased()
        if name.hasPrefix("xlmroberta") || name.hasPrefix("xlm-roberta") { return .xlmRoberta }
        if name.hasPrefix("camembert") { return .camembert }
        if name.hasPrefix("albert") || name.hasPrefix("deberta") { return .classifierSeparator }
        return nil
    }

    /// A string of a JSON object in a file, or `nil` when there is no file or no such key.
    private static func text(_ url: URL, _ key: String) throws -> String? {
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        let file = try MappedFile(url)
        guard file.count <= 16 << 20,
            let object = try? JSONSerialization.jsonObject(with: Data(file.bytes)),
            let table = object as? [String: Any]
        else {
            throw TokenizationError.badConfiguration(
                path: url.path, reason: "expected a JSON object")
        }
        return table[key] as? String
    }
}
