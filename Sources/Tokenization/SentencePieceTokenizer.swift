import Support

/// Where special tokens go and how piece ids become token ids.
public enum SpecialTokenScheme: String, Sendable {
    /// `<s> a </s>` and `<s> a </s></s> b </s>`; id = piece id + 1, unknown 3 (XLM-R).
    case xlmRoberta = "xlm-roberta"
    /// `<s> a </s>` and `<s> a </s></s> b </s>`; id = piece id + 4, unknown 3 (CamemBERT).
    case camembert
    /// `[CLS] a [SEP]` and `[CLS] a [SEP] b [SEP]`; ids are piece ids.
    case classifierSeparator = "cls-sep"
}

/// A SentencePiece model with the special tokens of an architecture.
public struct SentencePieceTokenizer: Tokenizer {
    let model: SentencePieceModel
    let scheme: SpecialTokenScheme
    let template: Template

    /// - Throws: ``TokenizationError/missingPiece(path:piece:)`` when the model lacks a special
    ///   token that the scheme needs; ``TokenizationError/badModel(path:reason:)`` when its first
    ///   pieces are not those that the scheme's ids rely on.
    public init(_ model: SentencePieceModel, scheme: SpecialTokenScheme, path: String) throws {
        self.model = model
        self.scheme = scheme
        switch scheme {
        case .xlmRoberta:
            try Self.checkHead(model, path)
            template = .roberta(begin: 0, separator: 2)
        case .camembert:
            try Self.checkHead(model, path)
            // <s>NOTUSED <pad> </s>NOTUSED <unk> come before the pieces.
            template = .roberta(begin: 5, separator: 6)
        case .classifierSeparator:
            func find(_ piece: String) throws -> Int32 {
                guard let id = model.id(piece) else {
                    throw TokenizationError.missingPiece(path: path, piece: piece)
                }
                return id
            }
            template = .bert(begin: try find("[CLS]"), separator: try find("[SEP]"))
        }
    }

    /// Ids that are piece ids and an offset leave room for `<unk> <s> </s>` only; a model with other
    /// pieces there would give one id to two tokens.
    private static func checkHead(_ model: SentencePieceModel, _ path: String) throws {
        let head = (0..<3).map { model.piece($0) ?? "" }
        guard head == ["<unk>", "<s>", "</s>"], model.unknownID == 0 else {
            throw TokenizationError.badModel(
                path: path,
                reason: "its first pieces are \(head): expected <unk>, <s>, </s>")
        }
    }

    public var vocabularySize: Int {
        switch scheme {
        case .xlmRoberta: model.size + 1
        case .camembert: model.size + 4
        case .classifierSeparator: model.size
        }
    }

    public var digest: String { "\(scheme.rawValue) \(Truncation.version) \(model.digest)" }

    public func encode(_ text: String, pair: String?, maximumLength: Int) -> TokenizedText {
        template.apply(ids(text), pair.map(ids), maximumLength: maximumLength)
    }

    private func ids(_ text: String) -> [Int32] {
        let pieces = model.encode(text)
        let offset: Int32
        switch scheme {
        case .xlmRoberta: offset = 1
        case .camembert: offset = 4
        case .classifierSeparator: return pieces
        }
        return pieces.map { $0 == model.unknownID ? 3 : $0 + offset }
    }
}
