import Testing
import Tokenization

@Suite("Cutting a pair to a number of tokens")
struct TruncationTests {
    /// The lengths that the tests of Hugging Face's tokenizers state for texts of 0, 2, 4 and 8
    /// tokens and a limit of 7 (`truncation.rs`, `truncate_encodings_longest_first`).
    @Test(
        "an odd limit gives what Hugging Face's tokenizers give",
        arguments: [
            (0, 0, 0, 0), (0, 2, 0, 2), (0, 4, 0, 4), (0, 8, 0, 7), (2, 0, 2, 0), (2, 2, 2, 2),
            (2, 4, 2, 4), (2, 8, 2, 5), (4, 0, 4, 0), (4, 2, 4, 2), (4, 4, 3, 4), (4, 8, 3, 4),
            (8, 0, 7, 0), (8, 2, 5, 2), (8, 4, 4, 3), (8, 8, 3, 4),
        ])
    func published(first: Int, second: Int, expectedFirst: Int, expectedSecond: Int) {
        let found = Truncation.longestFirst(first, second, to: 7)
        #expect(found == (expectedFirst, expectedSecond))
    }

    /// Taking tokens one at a time from the longer text; at equal lengths from the one that had
    /// fewer at first.
    private func slow(_ first: Int, _ second: Int, _ limit: Int) -> (Int, Int) {
        var (a, b) = (first, second)
        while a + b > limit {
            if a > b || (a == b && first <= second) { a -= 1 } else { b -= 1 }
        }
        return (a, b)
    }

    @Test("the lengths are those of taking tokens one at a time, for all small cases")
    func oneAtATime() {
        for first in 0...12 {
            for second in 0...12 {
                for limit in 0...25 {
                    let found = Truncation.longestFirst(first, second, to: limit)
                    #expect(found == slow(first, second, limit), "\(first) \(second) \(limit)")
                }
            }
        }
    }

    @Test("a limit below nothing, and one beyond everything, are limits too")
    func extremes() {
        #expect(Truncation.longestFirst(3, 4, to: -5) == (0, 0))
        #expect(Truncation.longestFirst(3, 4, to: .max) == (3, 4))
        #expect(Truncation.longestFirst(.max, .max, to: 10) == (5, 5))
    }
}
