import Foundation
import Support

/// Reads the `post_processor` of a `tokenizer.json`.
struct TemplateReader {
    let url: URL
    let vocabulary: TokenTable
    let added: [AddedTokens.Token]

    private func bad(_ reason: String) -> TokenizationError {
        VocabularyFiles.bad(url, "post_processor: \(reason)")
    }

    /// - Throws: ``TokenizationError``.
    func template(_ json: JSON?) throws -> Template {
        guard let json else { return .plain }
        switch json["type"]?.string {
        case "BertProcessing":
            return .bert(begin: try pair(json["cls"]), separator: try pair(json["sep"]))
        case "RobertaProcessing":
            return .roberta(begin: try pair(json["cls"]), separator: try pair(json["sep"]))
        case "ByteLevel":
            // It only trims offsets.
            return .plain
        case "TemplateProcessing": return try items(json)
        case "Sequence":
            let steps = (json["processors"]?.array ?? []).filter {
                $0["type"]?.string != "ByteLevel"
            }
            guard steps.count <= 1 else { throw bad("a sequence of several is not supported") }
            return try template(steps.first)
        case let type: throw bad("'\(type ?? "none")' is not supported")
        }
    }

    private func id(_ value: Int?) throws -> Int32 {
        guard let value, (0...TokenTable.maximumID).contains(value) else {
            throw bad("expected the id of a special token")
        }
        return Int32(value)
    }

    /// `["[SEP]", 102]`.
    private func pair(_ json: JSON?) throws -> Int32 {
        guard let parts = json?.array, parts.count == 2, let token = parts[0].string else {
            throw bad("expected a special token and its id")
        }
        let found = try id(parts[1].integer)
        let known =
            vocabulary.find(token)
            ?? added.first { $0.content.elementsEqual(token.unicodeScalars) }?.id
        guard known == found else {
            throw bad("'\(token)' is token \(found) here and \(known ?? -1) in the vocabulary")
        }
        return found
    }

    private func items(_ json: JSON) throws -> Template {
        func read(_ key: String) throws -> [Template.Item] {
            guard let list = json[key]?.array, list.count <= 64 else {
                throw bad("expected a short list '\(key)'")
            }
            return try list.flatMap { try item($0, json["special_tokens"]) }
        }
        let (single, pair) = (try read("single"), try read("pair"))
        func count(_ items: [Template.Item], first: Bool) -> Int {
            items.count { item in
                switch item {
                case .special: false
                case .first: first
                case .second: !first
                }
            }
        }
        guard count(single, first: true) == 1, count(single, first: false) == 0,
            count(pair, first: true) == 1, count(pair, first: false) == 1
        else { throw bad("each text must appear once in its template") }
        return Template(single: single, pair: pair)
    }

    private func item(_ json: JSON, _ specials: JSON?) throws -> [Template.Item] {
        let body = json["Sequence"] ?? json["SpecialToken"]
        let segment = body?["type_id"]?.integer ?? 0
        guard let name = body?["id"]?.string, (0...1).contains(segment) else {
            throw bad("expected a text or a special token, of segment 0 or 1")
        }
        if json["Sequence"] != nil {
            guard name == "A" || name == "B" else { throw bad("an unknown text '\(name)'") }
            return [
                name == "A" ? .first(segment: Int32(segment)) : .second(segment: Int32(segment))
            ]
        }
        guard let ids = specials?[name]?["ids"]?.array, (1...16).contains(ids.count) else {
            throw bad("the special token '\(name)' has no ids")
        }
        return try ids.map { .special(try id($0.integer), segment: Int32(segment)) }
    }
}
