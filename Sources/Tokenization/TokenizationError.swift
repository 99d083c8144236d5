import Support

/// Errors of tokenizer files and of vocabulary training.
public enum TokenizationError: DiagnosedError, Equatable {
    case badModel(path: String, reason: String)
    case noModel(directory: String)
    case ambiguousModel(directory: String, files: [String])
    case badConfiguration(path: String, reason: String)
    case missingPiece(path: String, piece: String)
    case unsupportedTokenizer(path: String, name: String)
    case trainingFailed(reason: String)

    public var kind: ErrorKind {
        switch self {
        case .noModel: .missingFile
        default: .badInput
        }
    }

    public var description: String {
        switch self {
        case .badModel(let path, let reason): "\(path): not a usable SentencePiece model: \(reason)"
        case .noModel(let directory):
            "\(directory): no vocabulary that the tokenizer's class reads (expected "
                + "sentencepiece.bpe.model, spiece.model, tokenizer.model or one other *.model "
                + "file; tokenizer.json; vocab.txt; or vocab.json and merges.txt)"
        case .ambiguousModel(let directory, let files):
            "\(directory): several SentencePiece models: \(files.joined(separator: ", "))"
        case .badConfiguration(let path, let reason): "\(path): \(reason)"
        case .missingPiece(let path, let piece):
            "\(path): the special piece '\(piece)' is not in the vocabulary"
        case .unsupportedTokenizer(let path, let name):
            "\(path): the tokenizer '\(name)' is not supported (expected SentencePiece as in "
                + "XLM-RoBERTa, CamemBERT, ALBERT or DeBERTa-v2, WordPiece as in BERT, or "
                + "byte-level BPE as in RoBERTa)"
        case .trainingFailed(let reason): "training a vocabulary failed: \(reason)"
        }
    }
}
