import Foundation
import KNAS
import Metrics
import Support
import Tasks

/// The body of a request to classify, read strictly: it may come from anyone.
struct ClassifyRequest: Sendable {
    /// What a probability must reach.
    enum Threshold: Sendable, Hashable {
        case all(Float)
        /// By label; the others keep the model's own.
        case each([String: Float])
    }

    var inputs: [TextClassifier.Input] = []
    /// How many of the most likely classes or labels are wanted, `nil` for all.
    var top: Int?
    var threshold: Threshold?
    var logits = false
    /// The share of texts that may be answered wrong, `nil` for answers without sets.
    var abstain: Double?

    /// Names in a body.
    enum Field: String, CaseIterable {
        case text, pair, texts, pairs
        case top = "top_k"
        case threshold, logits, abstain
    }

    /// - Throws: ``APIError``.
    init(_ body: UnsafeRawBufferPointer, _ limits: ServerOptions.Limits) throws {
        var texts = Texts()
        do {
            var reader = JSONReader(body)
            try reader.object { reader, name in
                guard let field = Field(rawValue: name) else {
                    throw APIError(
                        .badRequest,
                        "unknown field \"\(name.prefix(40))\": expected "
                            + Field.allCases.map(\.rawValue).joined(separator: ", "))
                }
                if try reader.null() { return }
                switch field {
                case .text: texts.text = try reader.string()
                case .pair: texts.pair = try reader.string()
                case .texts: texts.texts = try Self.strings(&reader, field, limits)
                case .pairs: texts.pairs = try Self.strings(&reader, field, limits)
                case .top: top = try Self.top(Self.value(&reader))
                case .threshold: threshold = try Self.threshold(Self.value(&reader))
                case .logits:
                    guard let value = try Self.value(&reader).bool else {
                        throw APIError(.badRequest, "logits: expected true or false")
                    }
                    logits = value
                case .abstain:
                    guard let share = try Self.value(&reader).double else {
                        throw APIError(
                            .badRequest, "abstain: expected a share between 0 and 1, e.g. 0.05")
                    }
                    abstain = share
                }
            }
            try reader.end()
        } catch let fault as JSONReader.Fault {
            throw APIError(.badRequest, "the body is not as expected \(fault)")
        }
        inputs = try texts.inputs(limits)
    }

    private static func strings(
        _ reader: inout JSONReader, _ field: Field, _ limits: ServerOptions.Limits
    ) throws -> [String] {
        var strings: [String] = []
        try reader.array { reader in
            guard strings.count < limits.texts else {
                throw APIError(
                    .tooManyTexts,
                    "\(field.rawValue): more than \(limits.texts) texts in one request")
            }
            strings.append(try reader.string())
        }
        return strings
    }

    private static func value(_ reader: inout JSONReader) throws -> JSON {
        try reader.value(atMost: 65_536)
    }

    private static func top(_ value: JSON) throws -> Int {
        let expected = "a whole number of at least 1"
        guard let number = value.double, number == number.rounded() else {
            throw APIError(.badRequest, "top_k: expected \(expected)")
        }
        guard number >= 1 else { throw outOfRange("top_k", value, expected) }
        // More than there are labels is all of them.
        return Int(min(number, 1e9))
    }

    private static func threshold(_ value: JSON) throws -> Threshold {
        func number(_ value: JSON, _ name: String) throws -> Float {
            let expected = "a number from 0 to 1"
            guard let number = value.double else {
                throw APIError(.badRequest, "\(name): expected \(expected)")
            }
            guard (0...1).contains(number) else { throw outOfRange(name, value, expected) }
            return Float(number)
        }
        guard case .object(let members) = value else {
            return .all(try number(value, "threshold"))
        }
        var each: [String: Float] = [:]
        for (label, value) in members {
            each[label] = try number(value, "threshold.\(label.prefix(40))")
        }
        return .each(each)
    }

    /// The right type, and no right value: as what makes no sense for the model.
    private static func outOfRange(_ name: String, _ value: JSON, _ expected: String) -> APIError {
        let found = value.integer.map(String.init) ?? value.double.map { "\($0)" } ?? value.kind
        return APIError(
            .invalidOption,
            BadOption(name: name, value: found, expected: expected).description)
    }

    /// The texts as they were sent.
    private struct Texts {
        var text: String?
        var pair: String?
        var texts: [String]?
        var pairs: [String]?

        func inputs(_ limits: ServerOptions.Limits) throws -> [TextClassifier.Input] {
            switch (text, texts) {
            case (let text?, nil):
                guard pairs == nil else {
                    throw APIError(.badRequest, "expected pair with text, found pairs")
                }
                return [
                    .init(
                        try Self.checked(text, "text", limits),
                        pair: try pair.map { try Self.checked($0, "pair", limits) })
                ]
            case (nil, let texts?):
                guard pair == nil else {
                    throw APIError(.badRequest, "expected pairs with texts, found pair")
                }
                guard pairs == nil || pairs?.count == texts.count else {
                    throw APIError(
                        .badRequest,
                        "expected as many pairs as texts, found \(pairs?.count ?? 0) pairs and "
                            + "\(texts.count) texts")
                }
                return try texts.indices.map { place in
                    .init(
                        try Self.checked(texts[place], "texts[\(place)]", limits),
                        pair: try pairs.map {
                            try Self.checked($0[place], "pairs[\(place)]", limits)
                        })
                }
            default:
                throw APIError(
                    .badRequest,
                    "expected either text or texts, found \(text == nil ? "neither" : "both")")
            }
        }

        /// Holds a text to the rules of training.
        private static func checked(
            _ text: String, _ name: String, _ limits: ServerOptions.Limits
        ) throws -> String {
            if let fault = RowRules.fault(ofText: text) {
                throw APIError(.invalidText, "\(name): \(fault)")
            }
            // Most texts are shorter than the limit even in bytes, which costs nothing to see.
            if text.utf8.count > limits.characters,
                text.unicodeScalars.count > limits.characters
            {
                throw APIError(
                    .invalidText, "\(name): longer than \(limits.characters) characters")
            }
            return RowRules.trimmed(text)
        }
    }
}

extension ClassifyRequest {
    /// Checks what only makes sense for some models.
    /// - Throws: ``APIError``.
    func check(for model: LoadedModel) throws {
        let takesPairs = model.classifier.takesPairs
        if let input = inputs.first, (input.pair != nil) != takesPairs {
            throw APIError(
                .invalidText,
                takesPairs
                    ? "the model classifies pairs: expected pair with text, or pairs with texts"
                    : "the model classifies single texts: expected no pair")
        }
        try checkAbstaining(model.classifier)
        let kind = model.classifier.target
        if kind == .number, top != nil || threshold != nil || logits {
            throw APIError(
                .invalidOption,
                "the model predicts a number: expected no top_k, threshold and logits")
        }
        guard case .each(let each) = threshold else { return }
        guard kind == .labels else {
            throw APIError(
                .invalidOption,
                "the model gives one class: expected threshold to be a number, found an object")
        }
        let known = Set(model.classifier.labels)
        if let unknown = each.keys.filter({ !known.contains($0) }).min() {
            throw APIError(
                .invalidOption,
                "threshold: the model has no label \"\(unknown.prefix(40))\"; its labels are at "
                    + "/v1/models/\(model.name)")
        }
    }

    /// Checks that a model can promise what is asked.
    /// - Throws: ``APIError``.
    func checkAbstaining(_ classifier: TextClassifier) throws {
        guard let abstain else { return }
        do {
            try classifier.checkAbstaining(abstain, option: "abstain")
        } catch let error as any DiagnosedError {
            throw APIError(.invalidOption, error.description)
        }
    }
}
