import Foundation

extension UnigramTokenizer {
    var pieces: [Int32: String] {
        parts.added.reduce(into: parts.model.pieces) { $0[$1.id] = $1.text }
    }

    func tokenizerJSON(maximumLength: Int) -> Data? {
        let names = pieces
        let file = TokenizerFile(
            normalizer: TokenizerFile.sequence(normalizers: parts.rules.normalizers),
            preTokenizer: parts.rules.preTokenizer, decoder: UnigramRules.metaspace,
            model: parts.model.json, added: parts.added, template: parts.template)
        return file.data(maximumLength: maximumLength) { names[$0] }
    }
}

extension UnigramRules {
    fileprivate static let metaspace = JSONText.object([
        "type": "Metaspace", "replacement": "\u{2581}", "prepend_scheme": "always", "split": true,
    ])

    /// The steps before words are split, as the library names them.
    fileprivate var normalizers: [JSONText] {
        func step(_ type: String) -> JSONText { .object(["type": JSONText(type)]) }
        switch family {
        case .albert:
            var steps = [TokenizerFile.replace("``", "\""), TokenizerFile.replace("''", "\"")]
            if stripsAccents { steps += [step("NFKD"), step("StripAccents")] }
            if lowercases { steps.append(step("Lowercase")) }
            if let characters {
                steps.append(
                    .object([
                        "type": "Precompiled",
                        "precompiled_charsmap": JSONText(characters.table.base64EncodedString()),
                    ]))
            }
            return steps
        case .deBERTa:
            return (lowercases ? [step("Lowercase")] : [])
                + ["\n", "\r", "\t"].map { TokenizerFile.replace($0, " ") }
                + [
                    TokenizerFile.replace(regex: "\\s{2,}", " "), step("NFC"),
                    .object(["type": "Strip", "strip_left": false, "strip_right": true]),
                ]
        }
    }

    fileprivate var preTokenizer: JSONText {
        switch family {
        case .albert:
            .object([
                "type": "Sequence",
                "pretokenizers": .array([
                    .object(["type": "WhitespaceSplit"]), Self.metaspace,
                ]),
            ])
        case .deBERTa: Self.metaspace
        }
    }
}
