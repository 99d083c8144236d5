import Foundation
import SentencePieceProtobuf
import Support
import SwiftProtobuf

/// Makes a SentencePiece model of a vocabulary in the Hugging Face order of XLM-R.
public enum XLMRobertaVocabulary {
    /// The bytes of `sentencepiece.bpe.model`.
    ///
    /// XLM-R's vocabulary is `<s> <pad> </s> <unk>`, the pieces, `<mask>`; the model has `<unk> <s>
    /// </s>` and the same pieces, so id = piece id + 1. The normaliser is `nmt_nfkc`, whose
    /// compiled table comes from a throw-away model that SentencePiece trains with that rule.
    ///
    /// - Parameter pieces: piece and score (log probability) in the Hugging Face order.
    /// - Throws: ``TokenizationError``.
    public static func model(pieces: [(piece: String, score: Float)], path: String) throws -> Data {
        let head = ["<s>", "<pad>", "</s>", "<unk>"]
        guard pieces.count > 5, pieces.prefix(4).map(\.piece) == head else {
            throw TokenizationError.badModel(
                path: path, reason: "the vocabulary does not begin with \(head)")
        }
        var body = pieces.dropFirst(4)
        if body.last?.piece == "<mask>" { body = body.dropLast() }
        // The throw-away text must yield some vocabulary; any text does.
        let throwaway = try ModelProto(
            serializedBytes: VocabularyTrainer.train(
                ["a throw-away text from which nothing is learnt", "but the table of the rule"],
                size: 40))
        func piece(
            _ text: String, score: Float, type: ModelProto.SentencePiece.TypeEnum
        ) -> ModelProto.SentencePiece {
            .with { ($0.piece, $0.score, $0.type) = (text, score, type) }
        }
        var model = ModelProto()
        model.pieces = [
            piece("<unk>", score: 0, type: .unknown), piece("<s>", score: 0, type: .control),
            piece("</s>", score: 0, type: .control),
        ]
        model.pieces += body.map { piece($0.piece, score: $0.score, type: .normal) }
        // Defaults are written too: the digest of the file identifies the encoder.
        model.trainerSpec = .with {
            $0.modelType = .unigram
            $0.vocabSize = Int32(model.pieces.count)
            ($0.unkID, $0.bosID, $0.eosID, $0.padID) = (0, 1, 2, -1)
        }
        model.normalizerSpec = throwaway.normalizerSpec
        return try model.serializedData()
    }
}
