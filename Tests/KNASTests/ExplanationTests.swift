import Foundation
import KNAS
import Testing

@Suite("Which words decided")
struct ExplanationTests {
    private func classifier(pairs: Bool) throws -> TextClassifier {
        try TextClassifier(contentsOf: FinishedRuns.get(pairs: pairs).model, threads: 2)
    }

    private func logOdds(_ answer: TextClassifier.Classification) -> Double {
        log(Double(answer.probability)) - log(1 - Double(answer.probability))
    }

    @Test(
        "contributions add up to the difference between the text and one without words",
        arguments: [false, true])
    func sum(pairs: Bool) throws {
        let classifier = try classifier(pairs: pairs)
        let input = TextClassifier.Input(
            "a good day and  a bad one", pair: pairs ? "no day" : nil)
        let explanation = try classifier.explain(input)
        #expect(try explanation.classification == classifier.classify([input])[0])
        #expect(abs(explanation.logOdds - logOdds(explanation.classification)) < 1e-3)
        let sum = explanation.words.reduce(0) { $0 + $1.contribution }
        let difference = explanation.logOdds - explanation.logOddsWithoutWords
        #expect(abs(sum - difference) < 1e-9)
        #expect(try classifier.explain(input) == explanation)
        let second = pairs ? ["no", "day"] : []
        #expect(
            explanation.words.map(\.text) == ["a", "good", "day", "and", "a", "bad", "one"] + second
        )
        #expect(explanation.words.map(\.segment) == [0, 0, 0, 0, 0, 0, 0] + second.map { _ in 1 })
        for word in explanation.words where word.segment == 0 {
            let begin = input.text.index(input.text.startIndex, offsetBy: word.start)
            #expect(input.text[begin...].hasPrefix(word.text))
        }
    }

    @Test("of two words the contributions are the Shapley values exactly")
    func exact() throws {
        let classifier = try classifier(pairs: false)
        let explanation = try classifier.explain("good day")
        let place = try #require(
            classifier.labels.firstIndex(of: explanation.classification.label))
        func value(_ text: String) throws -> Double {
            let logits = try classifier.classify(text).logits.map(Double.init)
            let others = logits.indices.filter { $0 != place }.map { logits[$0] }
            return logits[place] - log(others.reduce(0) { $0 + exp($1) })
        }
        let (whole, first, second, none) = (
            try value("good day"), try value("good"), try value("day"), try value("")
        )
        let expected = [
            (first - none + whole - second) / 2, (second - none + whole - first) / 2,
        ]
        for (word, value) in zip(explanation.words, expected) {
            #expect(abs(word.contribution - value) < 1e-5)
        }
    }

    @Test(
        "long texts are cut into phrases, scripts without spaces into characters; no words are no error"
    )
    func pieces() throws {
        let classifier = try classifier(pairs: false)
        let long = (0..<200).map { "w\($0)" }.joined(separator: " ")
        let words = try classifier.explain(long).words
        #expect(words.count == 40 && words[0].text == "w0 w1 w2 w3 w4")
        #expect(try classifier.explain("部屋 bad").words.map(\.text) == ["部", "屋", "bad"])
        let empty = try classifier.explain("")
        #expect(empty.words.isEmpty && empty.logOdds == empty.logOddsWithoutWords)
    }
}
