import Export
import Foundation
import Metrics
import Support

extension TextClassifier {
    /// Which words of a text speak for its class, and which against it.
    ///
    ///     let explanation = try classifier.explain("Could you send up two more towels?")
    ///     for word in explanation.words { print(word.text, word.contribution) }
    public struct Explanation: Sendable, Hashable {
        /// A word, or some that follow one another in a long text.
        public struct Word: Sendable, Hashable, Codable {
            /// As it stands in the text.
            public let text: String
            /// 0 in the only or the first text, 1 in the second one of a pair.
            public let segment: Int
            /// Where it begins in its text, in characters from 0.
            public let start: Int
            /// What it adds to the log-odds of the class, in nats; negative where it speaks against it.
            public let contribution: Double
        }

        /// The answer for the whole text.
        public let classification: Classification
        /// The log-odds of the answer's class, `log p - log(1 - p)`.
        public let logOdds: Double
        /// The same where all words are left out: ``logOdds`` is this plus all contributions.
        public let logOddsWithoutWords: Double
        /// In the order of the text.
        public let words: [Word]
    }

    /// Explains one answer; see ``explain(_:orders:abstain:)``.
    public func explain(_ text: String, pair: String? = nil) throws -> Explanation {
        try explain(Input(text, pair: pair))
    }

    /// How much each word adds to the log-odds of the answer's class: its Shapley value, estimated from
    /// random orders in which words are put back into an empty text (Strumbelj and Kononenko, JMLR 2010).
    /// In every order the steps add up to the whole difference, so the contributions do, too. Each order is
    /// also taken in reverse, which halves the error.
    ///
    /// - Parameters:
    ///   - input: a text or a pair; words are what is between white space, single characters in
    ///     scripts that do without it.
    ///   - orders: pairs of orders; the more, the more exact.
    ///   - abstain: as in ``classify(_:abstain:)``; what is explained is the most likely class.
    /// - Complexity: about `2 * orders * words` classifications of half the length.
    /// - Throws: as ``classify(_:abstain:)``.
    public func explain(
        _ input: Input, orders: Int = 6, abstain: Double? = nil
    ) throws -> Explanation {
        guard target == .oneClass else {
            throw ModelError.wrongInput(
                reason: "explanations are of models that choose one class; this one answers with "
                    + target.answer)
        }
        // By itself: beside others its last bits might differ from those of ``classify(_:)``.
        let whole = try classify([input], abstain: abstain)[0]
        let place = labels.firstIndex(of: whole.label) ?? 0
        let pieces = ExplainedPieces(input)
        let count = pieces.all.count
        let draws = (0..<max(1, orders)).flatMap { order -> [[Int]] in
            var generator = Self.explanationKey.child(order).generator()
            let drawn = Array(0..<count).shuffled(using: &generator)
            return [drawn, drawn.reversed()]
        }
        // Many orders begin or end in the same way.
        var sets: [Set<Int>: Int] = [:]
        var inputs: [Input] = []
        func index(_ kept: Set<Int>) -> Int {
            if let known = sets[kept] { return known }
            sets[kept] = inputs.count
            inputs.append(kept.count == count ? input : pieces.input(keeping: kept))
            return inputs.count - 1
        }
        let paths = draws.map { order -> [Int] in
            var kept: Set<Int> = []
            return [index(kept)]
                + order.map { piece in
                    kept.insert(piece)
                    return index(kept)
                }
        }
        let values = try classify(inputs).map { Self.logOdds($0.logits, place) }
        var sums = [Double](repeating: 0, count: count)
        for (order, path) in zip(draws, paths) {
            for (step, piece) in order.enumerated() {
                sums[piece] += values[path[step + 1]] - values[path[step]]
            }
        }
        return Explanation(
            classification: whole, logOdds: values[paths[0][count]],
            logOddsWithoutWords: values[paths[0][0]],
            words: zip(pieces.all, sums).map { piece, sum in
                Explanation.Word(
                    text: piece.text, segment: piece.segment, start: piece.start,
                    contribution: sum / Double(draws.count))
            })
    }

    /// Pieces of a text at most: of longer ones, words that follow one another are left out together.
    static let mostPieces = 48

    /// The same orders for every text: an answer does not depend on what else is asked.
    private static let explanationKey = RandomKey(seed: 1).child("explanation")

    /// `log p - log(1 - p)` of a class, from the logarithms of probabilities up to a constant.
    private static func logOdds(_ logits: [Float], _ place: Int) -> Double {
        let others = logits.indices.filter { $0 != place }.map { Double(logits[$0]) }
        guard let largest = others.max() else { return 0 }
        let sum = others.reduce(0) { $0 + exp($1 - largest) }
        return Double(logits[place]) - largest - log(sum)
    }
}

/// An input cut into words.
private struct ExplainedPieces {
    struct Piece {
        let text: String
        let segment: Int
        let start: Int
    }

    let all: [Piece]
    private let hasPair: Bool

    init(_ input: TextClassifier.Input) {
        hasPair = input.pair != nil
        let texts = [input.text] + (input.pair.map { [$0] } ?? [])
        all = texts.enumerated().flatMap { segment, text in
            Self.grouped(Self.words(text), in: text).map {
                Piece(text: $0.text, segment: segment, start: $0.start)
            }
        }
    }

    /// The input with some pieces only.
    func input(keeping kept: Set<Int>) -> TextClassifier.Input {
        func text(_ segment: Int) -> String {
            all.indices.filter { all[$0].segment == segment && kept.contains($0) }
                .map { all[$0].text }.joined(separator: " ")
        }
        return TextClassifier.Input(text(0), pair: hasPair ? text(1) : nil)
    }

    /// Words as ranges of characters.
    private static func words(_ text: String) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var start: Int?
        for (place, character) in text.enumerated() {
            if character.isWhitespace {
                if let begin = start { ranges.append(begin..<place) }
                start = nil
            } else if standsAlone(character) {
                if let begin = start { ranges.append(begin..<place) }
                ranges.append(place..<place + 1)
                start = nil
            } else if start == nil {
                start = place
            }
        }
        if let begin = start { ranges.append(begin..<text.count) }
        return ranges
    }

    /// Whether a character is of a script that has no spaces between words.
    private static func standsAlone(_ character: Character) -> Bool {
        guard let value = character.unicodeScalars.first?.value else { return false }
        // Thai to Burmese, kana, Chinese characters.
        return [0x0E00...0x109F, 0x3040...0x30FF, 0x3400...0x9FFF, 0x20000...0x3FFFF]
            .contains { $0.contains(value) }
    }

    private static func grouped(
        _ words: [Range<Int>], in text: String
    ) -> [(text: String, start: Int)] {
        let characters = Array(text)
        let size = (words.count + TextClassifier.mostPieces - 1) / TextClassifier.mostPieces
        return stride(from: 0, to: words.count, by: max(1, size)).map { first in
            let last = words[min(first + size, words.count) - 1]
            let range = words[first].lowerBound..<last.upperBound
            return (String(characters[range]), range.lowerBound)
        }
    }
}
