import Foundation
import Support

/// What the small files next to a vocabulary say about it: `tokenizer_config.json`,
/// `special_tokens_map.json` and `config.json`. Files that are missing say nothing.
struct TokenizerSettings {
    private let tokenizer: JSON
    private let specials: JSON
    private let architecture: JSON
    let url: URL

    init(_ directory: URL) throws {
        func read(_ name: String) throws -> JSON {
            let url = directory.appendingPathComponent(name)
            guard FileManager.default.fileExists(atPath: url.path) else { return .object([]) }
            let json = try VocabularyFiles.json(url)
            guard case .object = json else {
                throw VocabularyFiles.bad(url, "expected a JSON object")
            }
            return json
        }
        url = directory.appendingPathComponent("tokenizer_config.json")
        tokenizer = try read("tokenizer_config.json")
        specials = try read("special_tokens_map.json")
        architecture = try read("config.json")
    }

    /// The tokenizer's class, or `nil` where it says nothing about the tokens.
    var tokenizerClass: String? {
        guard genericClass == nil, let name = tokenizer["tokenizer_class"]?.string, !name.isEmpty
        else { return nil }
        return name
    }

    /// A class that takes its rules from `tokenizer.json` alone, or `nil`.
    var genericClass: String? {
        let generic = ["PreTrainedTokenizer", "PreTrainedTokenizerFast", "TokenizersBackend"]
        return tokenizer["tokenizer_class"]?.string.flatMap { generic.contains($0) ? $0 : nil }
    }

    var modelType: String? { architecture["model_type"]?.string }

    func flag(_ key: String) -> Bool? { tokenizer[key]?.bool }

    /// The text of a special token such as `cls_token`.
    func token(_ key: String) -> String? {
        for source in [tokenizer, specials] {
            if let value = source[key] { return value.string ?? value["content"]?.string }
        }
        return nil
    }

    /// Whether a special token swallows the space before it.
    func swallowsLeft(_ key: String) -> Bool? {
        for source in [tokenizer, specials] {
            if let value = source[key] { return value["lstrip"]?.bool }
        }
        return nil
    }
}
