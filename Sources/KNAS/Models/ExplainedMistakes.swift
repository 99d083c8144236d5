import Export
import Results
import Selection
import Support

extension Pipeline {
    /// What each word adds to the answers that are most confidently wrong on test, for the report.
    ///
    /// As many as ``ExplanationBudget`` allows; none of tasks whose rows have no single class, and none
    /// of a run with a time limit, which has better uses of its seconds.
    /// - Returns: the words by the row's place in test.
    /// - Throws: as ``TextClassifier/classify(_:abstain:)``, `Interrupted`.
    func explainedMistakes(
        _ findings: RunFindings, of model: Model
    ) throws -> [Int: [ReportContent.ShadedWord]] {
        guard configuration.timeLimit == nil, !configuration.finishes else { return [:] }
        let mistakes = findings.mistakes(limit: ExplanationBudget.mistakes)
        guard !mistakes.isEmpty else { return [:] }
        var budget = ExplanationBudget()
        let affordable = mistakes.filter { budget.take($0.input) }
        let classifier = try TextClassifier(
            model: model, encoders: findings.encoders, threads: configuration.threads)
        var result: [Int: [ReportContent.ShadedWord]] = [:]
        for (done, mistake) in affordable.enumerated() {
            try WorkProgress(
                stage: "explaining mistakes", completed: done, total: affordable.count,
                unit: "rows"
            ).report(to: progress)
            let explanation = try classifier.explain(
                mistake.input, orders: ExplanationBudget.orders)
            result[mistake.row] = explanation.words.map {
                ReportContent.ShadedWord(
                    segment: $0.segment, start: $0.start, count: $0.text.count,
                    contribution: $0.contribution)
            }
        }
        return result
    }
}

/// How much of the report's explanations is worth its time: seconds, whatever the task.
struct ExplanationBudget {
    /// Most mistakes that are explained.
    static let mistakes = 20
    /// Pairs of orders for each; see ``TextClassifier/explain(_:orders:)``.
    static let orders = 3

    /// Words that may still be read.
    private var words = 10_000

    /// Whether a text can still be afforded, which is then paid for.
    mutating func take(_ input: TextClassifier.Input) -> Bool {
        let count = [input.text, input.pair ?? ""].reduce(0) {
            $0 + $1.split(whereSeparator: \.isWhitespace).count
        }
        // Each order adds one word after another: half of them are read at a time, twice an order.
        let cost = Self.orders * count * min(count, TextClassifier.mostPieces)
        guard cost <= words else { return false }
        words -= cost
        return true
    }
}

extension RunFindings {
    /// The test rows that the exported model gets wrong, the most confident first; none for tasks whose
    /// rows have no single class.
    fileprivate func mistakes(limit: Int) -> [(row: Int, input: TextClassifier.Input)] {
        confidentMistakes(limit: limit).map { row, example in
            (row, TextClassifier.Input(example.text, pair: example.pair))
        }
    }
}
