import Metrics
import Tasks

/// The test rows that the exported model is furthest from, where rows have several labels or a number.
enum RowsSection {
    private struct Row {
        let example: Example
        let truth: String
        let said: String
        /// Larger is worse.
        let distance: Double
    }

    static func html(_ content: ReportContent) -> HTML {
        let all = rows(content.test)
        return """
            <section aria-labelledby="mistakes">
            <h2 id="mistakes">Mistakes on test</h2>
            \(all.isEmpty
                ? "<p>The exported model gets every test row right.</p>" : table(all, content))
            </section>
            """
    }

    private static func table(_ all: [Row], _ content: ReportContent) -> HTML {
        let isNumber = content.result.target == .number
        let rows = all.prefix(MistakesSection.limit)
        return Table(
            id: "mistake-rows",
            caption: """
                \(rows.count < all.count ? "The \(rows.count) furthest off of" : "All") \
                \(Show.plural(all.count, isNumber ? "row" : "row with a wrong label"))
                """,
            columns: [
                ("Text", .text), ("True", isNumber ? .number : .text),
                ("Predicted", isNumber ? .number : .text),
                (isNumber ? "Distance" : "Probability of the wrongest label", .number),
            ],
            rows: rows.map { row in
                [
                    .init(MistakesSection.texts(row.example)), .init(text: row.truth),
                    .init(text: row.said), .init(row.distance, Show.share(row.distance)),
                ]
            }
        ).html
    }

    /// Wrong rows, or all with a number, the worst first.
    private static func rows(_ test: TestPredictions) -> [Row] {
        let predictions = test.predictions
        func names(_ labels: [Int]) -> String {
            labels.isEmpty ? "–" : labels.map { test.labels[$0] }.joined(separator: ", ")
        }
        let rows: [Row]
        switch predictions.targets {
        case .classes: rows = []
        case .labels:
            let likelihoods = predictions.likelihoods
            rows = zip(test.examples.indices, predictions.correct).filter { !$0.1 }.map { row, _ in
                let cells = likelihoods[row * predictions.classes..<(row + 1) * predictions.classes]
                return Row(
                    example: test.examples[row], truth: names(test.examples[row].target.indices),
                    said: names(predictions.given(row: row)),
                    distance: Double(1 - (cells.min() ?? 1)))
            }
        case .numbers(let truth, _):
            rows = predictions.squaredErrors.enumerated().map { row, error in
                Row(
                    example: test.examples[row], truth: Show.share(Double(truth[row])),
                    said: Show.share(Double(predictions.probabilities[row])),
                    distance: error.squareRoot())
            }
        }
        return rows.enumerated().sorted {
            ($1.element.distance, $0.offset) < ($0.element.distance, $1.offset)
        }.map(\.element)
    }
}
