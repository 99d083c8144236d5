/// How a pair of texts is truncated to a number of tokens.
public enum Truncation {
    /// Part of every tokenizer's digest: a different rule gives different ids.
    static let version = "longest-first-2"

    /// Lengths that remain when the longer text is cut first, then both.
    ///
    /// The rule of Hugging Face's tokenizers (`truncate_encodings` with `LongestFirst`): the longer
    /// text loses tokens until it is as short as the other; when that is not enough, both get half
    /// of the limit, and where the limit is odd, the one that was longer gets the odd token (the
    /// second when both were equally long).
    ///
    /// - Parameter limit: tokens of both texts, special tokens not counted; below 0 counts as 0.
    /// - Complexity: O(1).
    public static func longestFirst(
        _ first: Int, _ second: Int, to limit: Int
    ) -> (first: Int, second: Int) {
        let limit = max(0, limit)
        guard first > limit || second > limit - first else { return (first, second) }
        let isFirstLonger = first > second
        var shorter = min(first, second)
        var longer = shorter > limit ? shorter : max(shorter, limit - shorter)
        if shorter > limit || longer > limit - shorter {
            shorter = limit / 2
            longer = limit - shorter
        }
        return isFirstLonger ? (longer, shorter) : (shorter, longer)
    }
}
