import Foundation

/// `tokenizer.json`, the file of Hugging Face's `tokenizers` library: one tokenizer whole, with its
/// special tokens and its truncation.
///
/// A file is written only where the library gives the same ids as this program.
struct TokenizerFile {
    /// Steps that change the text, `null` for none.
    var normalizer = JSONText.null
    /// What cuts the text into words.
    var preTokenizer = JSONText.null
    var decoder = JSONText.null
    var model: JSONText
    var added: [AddedTokens.Token] = []
    var template: Template

    /// The bytes of the file.
    /// - Parameters:
    ///   - maximumLength: tokens after which the library truncates, as this program does.
    ///   - name: the text of a special token.
    func data(maximumLength: Int, name: (Int32) -> String?) -> Data {
        let file = JSONText.object([
            "version": "1.0",
            "truncation": .object([
                "direction": "Right", "max_length": JSONText(maximumLength),
                "strategy": "LongestFirst", "stride": 0,
            ]),
            "padding": .null,
            "added_tokens": .array(added.sorted { $0.id < $1.id }.map(Self.token)),
            "normalizer": normalizer,
            "pre_tokenizer": preTokenizer,
            "post_processor": template.processor(name: name),
            "decoder": decoder,
            "model": model,
        ])
        return Data((file.text + "\n").utf8)
    }

    private static func token(_ token: AddedTokens.Token) -> JSONText {
        .object([
            "id": JSONText(token.id), "content": JSONText(token.text),
            "single_word": JSONText(token.isSingleWord), "lstrip": JSONText(token.swallowsLeft),
            "rstrip": JSONText(token.swallowsRight),
            "normalized": JSONText(token.isNormalized), "special": true,
        ])
    }

    /// A normaliser that replaces what a regular expression (Oniguruma's syntax) matches.
    static func replace(regex: String, _ content: String) -> JSONText {
        .object([
            "type": "Replace", "pattern": .object(["Regex": JSONText(regex)]),
            "content": JSONText(content),
        ])
    }

    /// A normaliser that replaces a text.
    static func replace(_ text: String, _ content: String) -> JSONText {
        .object([
            "type": "Replace", "pattern": .object(["String": JSONText(text)]),
            "content": JSONText(content),
        ])
    }

    static func sequence(normalizers: [JSONText]) -> JSONText {
        .object(["type": "Sequence", "normalizers": .array(normalizers)])
    }
}

extension AddedTokens.Token {
    /// The token as a string.
    var text: String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: content)
        return String(view)
    }
}

extension Template {
    /// The template as a post-processor of the library.
    fileprivate func processor(name: (Int32) -> String?) -> JSONText {
        let specials = Set(
            (single + pair).compactMap { item in
                if case .special(let id, _) = item { id } else { nil }
            })
        guard !specials.isEmpty else { return .null }
        func label(_ id: Int32) -> String { name(id) ?? "token \(id)" }
        func part(_ kind: String, _ name: String, _ segment: Int32) -> JSONText {
            .object([(kind, .object(["id": JSONText(name), "type_id": JSONText(segment)]))])
        }
        func items(_ items: [Item]) -> JSONText {
            .array(
                items.map { item in
                    switch item {
                    case .special(let id, let segment): part("SpecialToken", label(id), segment)
                    case .first(let segment): part("Sequence", "A", segment)
                    case .second(let segment): part("Sequence", "B", segment)
                    }
                })
        }
        return .object([
            "type": "TemplateProcessing", "single": items(single), "pair": items(pair),
            "special_tokens": .object(
                specials.sorted().map { id in
                    (
                        label(id),
                        .object([
                            "id": JSONText(label(id)), "ids": .array([JSONText(id)]),
                            "tokens": .array([JSONText(label(id))]),
                        ])
                    )
                }),
        ])
    }
}

extension TokenTable {
    /// The vocabulary of a file, in the order of ids.
    var json: JSONText {
        var entries: [(Int32, String)] = []
        visit { entries.append(($1, String(decoding: $0, as: UTF8.self))) }
        return .object(entries.sorted { $0.0 < $1.0 }.map { ($0.1, JSONText($0.0)) })
    }

    /// All tokens by their ids.
    var names: [Int32: String] {
        var names: [Int32: String] = [:]
        visit { names[$1] = String(decoding: $0, as: UTF8.self) }
        return names
    }
}
