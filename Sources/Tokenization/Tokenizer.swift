import Foundation

/// A text, or a pair of texts, as token ids.
public struct TokenizedText: Sendable, Hashable {
    /// Ids with special tokens.
    public var ids: [Int32]
    /// 0 for the first segment, 1 for the second where the architecture distinguishes them.
    public var segmentIDs: [Int32]

    public init(ids: [Int32], segmentIDs: [Int32]) {
        self.ids = ids
        self.segmentIDs = segmentIDs
    }
}

/// Turns text into token ids. Implementations are safe to use from several threads.
public protocol Tokenizer: Sendable {
    /// All ids are below this.
    var vocabularySize: Int { get }
    /// Determines the ids: model, special tokens and rules.
    var digest: String { get }
    /// The ids of a text or a pair, special tokens included, cut to `maximumLength` tokens.
    ///
    /// Texts are cut at their ends, pairs as ``Truncation/longestFirst(_:_:to:)`` says. Special
    /// tokens are never cut: a limit below their number gives only them.
    func encode(_ text: String, pair: String?, maximumLength: Int) -> TokenizedText
    /// The tokens by their ids, as their vocabulary spells them.
    /// - Complexity: O(tokens).
    var pieces: [Int32: String] { get }
    /// A `tokenizer.json` with which Hugging Face's `tokenizers` library gives the same ids;
    /// `nil` where there is no such file.
    /// - Parameter maximumLength: tokens after which the library is to truncate.
    func tokenizerJSON(maximumLength: Int) -> Data?
}

extension Tokenizer {
    public func tokenizerJSON(maximumLength: Int) -> Data? { nil }
}
