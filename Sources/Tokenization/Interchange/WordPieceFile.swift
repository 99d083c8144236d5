import Foundation

extension WordPieceTokenizer {
    var pieces: [Int32: String] {
        parts.added.reduce(into: parts.vocabulary.names) { $0[$1.id] = $1.text }
    }

    func tokenizerJSON(maximumLength: Int) -> Data? {
        let names = pieces
        guard let unknown = names[parts.unknownID] else { return nil }
        let rules = parts.normalizer
        let file = TokenizerFile(
            normalizer: .object([
                "type": "BertNormalizer", "clean_text": JSONText(rules.cleansText),
                "handle_chinese_chars": JSONText(rules.splitsChinese),
                "strip_accents": rules.stripsAccents.map { JSONText($0) } ?? .null,
                "lowercase": JSONText(rules.lowercases),
            ]),
            preTokenizer: .object(["type": "BertPreTokenizer"]),
            decoder: .object([
                "type": "WordPiece", "prefix": JSONText(parts.continuation), "cleanup": true,
            ]),
            model: .object([
                "type": "WordPiece", "unk_token": JSONText(unknown),
                "continuing_subword_prefix": JSONText(parts.continuation),
                "max_input_chars_per_word": JSONText(parts.longestWord),
                "vocab": parts.vocabulary.json,
            ]),
            added: parts.added, template: parts.template)
        return file.data(maximumLength: maximumLength) { names[$0] }
    }
}

extension BytePairTokenizer {
    var pieces: [Int32: String] {
        parts.added.reduce(into: parts.vocabulary.names) { $0[$1.id] = $1.text }
    }

    func tokenizerJSON(maximumLength: Int) -> Data? {
        let names = pieces
        var merges: [JSONText] = []
        var isWhole = true
        parts.merges.visit { left, right, _ in
            guard let left = names[left], let right = names[right] else {
                isWhole = false
                return
            }
            merges.append(.array([JSONText(left), JSONText(right)]))
        }
        guard isWhole else { return nil }
        let bytes = JSONText.object([
            "type": "ByteLevel", "add_prefix_space": JSONText(parts.addsPrefixSpace),
            "trim_offsets": true, "use_regex": JSONText(parts.splitsWords),
        ])
        let file = TokenizerFile(
            preTokenizer: bytes, decoder: bytes,
            model: .object([
                "type": "BPE", "dropout": .null,
                "unk_token": parts.unknownID.flatMap { names[$0] }.map { JSONText($0) } ?? .null,
                "continuing_subword_prefix": .null, "end_of_word_suffix": .null,
                "fuse_unk": false, "byte_fallback": false,
                "ignore_merges": JSONText(parts.ignoresMerges),
                "vocab": parts.vocabulary.json, "merges": .array(merges),
            ]),
            added: parts.added, template: parts.template)
        return file.data(maximumLength: maximumLength) { names[$0] }
    }
}
