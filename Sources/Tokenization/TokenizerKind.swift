/// The algorithm of a tokenizer's class.
enum TokenizerKind {
    case sentencePiece(SpecialTokenScheme)
    case unigram(UnigramRules.Family)
    case wordPiece
    case bytePair

    /// Of a class (`XLMRobertaTokenizerFast`) or an architecture (`xlm-roberta`); `nil` for others.
    init?(_ name: String) {
        var name = name.lowercased().filter { $0 != "-" && $0 != "_" }
        for suffix in ["fast", "tokenizer"] where name.hasSuffix(suffix) {
            name.removeLast(suffix.count)
        }
        switch name {
        case "xlmroberta", "xlmrobertaxl": self = .sentencePiece(.xlmRoberta)
        case "camembert": self = .sentencePiece(.camembert)
        case "albert": self = .unigram(.albert)
        case "debertav2", "debertav3": self = .unigram(.deBERTa)
        case "bert", "distilbert", "electra", "mobilebert", "convbert", "squeezebert", "mpnet":
            self = .wordPiece
        case "roberta", "gpt2", "bart", "longformer", "deberta": self = .bytePair
        default: return nil
        }
    }

    /// The kind that the tokenizer's class names, or `nil` where there is no class.
    ///
    /// A class that numbers its tokens in another way is refused: its ids would look right but be
    /// meaningless. ALBERT's and DeBERTa's rules are known from the architecture too.
    static func named(_ settings: TokenizerSettings) throws -> TokenizerKind? {
        guard let name = settings.tokenizerClass else {
            guard let model = settings.modelType, case .unigram(let family) = TokenizerKind(model)
            else { return nil }
            if let name = settings.genericClass {
                throw TokenizationError.unsupportedTokenizer(path: settings.url.path, name: name)
            }
            return .unigram(family)
        }
        guard let kind = TokenizerKind(name) else {
            throw TokenizationError.unsupportedTokenizer(path: settings.url.path, name: name)
        }
        return kind
    }

    /// The type of model in a `tokenizer.json` of this kind.
    var jsonModel: String {
        switch self {
        case .sentencePiece, .unigram: "Unigram"
        case .wordPiece: "WordPiece"
        case .bytePair: "BPE"
        }
    }
}
