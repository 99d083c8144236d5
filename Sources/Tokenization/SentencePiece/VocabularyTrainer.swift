import CSentencePiece
import Foundation
import Support

/// Trains SentencePiece unigram vocabularies (Kudo 2018) from memory.
public enum VocabularyTrainer {
    /// A serialised model. The same texts in the same order give the same bytes.
    /// - Parameters:
    ///   - size: number of pieces, the three special ones included; fewer when the text yields
    ///     fewer.
    ///   - rule: how text is normalised, a name that SentencePiece knows.
    /// - Throws: ``TokenizationError/trainingFailed(reason:)``.
    public static func train(
        _ texts: [String], size: Int, rule: String = "nmt_nfkc"
    ) throws -> Data {
        guard !texts.isEmpty, texts.contains(where: { !$0.isEmpty }) else {
            throw TokenizationError.trainingFailed(reason: "there is no text")
        }
        guard (8...1_000_000).contains(size) else {
            throw TokenizationError.trainingFailed(
                reason: "a size of \(size): expected 8 to 1000000")
        }
        var bytes: [CChar] = []
        var starts: [Int] = []
        var lengths: [Int] = []
        for text in texts {
            starts.append(bytes.count)
            bytes += text.utf8.map { CChar(bitPattern: $0) }
            lengths.append(bytes.count - starts[starts.count - 1])
        }
        var model: UnsafeMutableRawPointer?
        var count = 0
        var error: UnsafeMutablePointer<CChar>?
        let status = bytes.withUnsafeBufferPointer { buffer in
            let pointers: [UnsafePointer<CChar>?] = starts.map { buffer.baseAddress! + $0 }
            return knas_sp_train(
                pointers, lengths, texts.count, Int32(size), rule, &model, &count, &error)
        }
        defer {
            knas_sp_free(model)
            knas_sp_free(error)
        }
        guard status == 0, let model else {
            throw TokenizationError.trainingFailed(
                reason: error.map { String(cString: $0) } ?? "unknown reason")
        }
        return Data(bytes: model, count: count)
    }
}
