import Foundation

/// Predicted against true numbers.
enum NumbersSection {
    /// Most rows that are drawn.
    private static let drawn = 1000

    static func html(_ content: ReportContent) -> HTML {
        let test = content.result.exported.test
        return """
            <section aria-labelledby="numbers">
            <h2 id="numbers">Numbers on test</h2>
            <p>Over \(Show.plural(test.count, "row")) the mean distance of a predicted number from the true one is \
            <strong>\(Show.share(test.meanAbsoluteError ?? .nan))</strong>; the root of the mean squared error \
            is \(Show.share((test.meanSquaredError ?? .nan).squareRoot())). Pearson’s r is \
            \(Show.share(test.pearson ?? .nan)), Spearman’s rho \(Show.share(test.spearman ?? .nan)).</p>
            \(figure(content))
            </section>
            """
    }

    private static func figure(_ content: ReportContent) -> HTML {
        let predictions = content.test.predictions
        let rows = (0..<predictions.count).prefix(drawn).map { row in
            (
                truth: content.test.examples[row].target.value ?? 0,
                said: Double(predictions.probabilities[row])
            )
        }
        let x = Axis(rows.map(\.truth), from: 60, to: 620, padding: 0.05)
        let y = Axis(rows.map(\.said), from: 420, to: 40, padding: 0.05)
        let marks: [HTML] = rows.map { row in
            Mark.circle.svg(
                x.place(row.truth), y.place(row.said), style: "one",
                title: "true \(Show.share(row.truth)), predicted \(Show.share(row.said))")
        }
        return Figure.svg(
            id: "numbers-figure", width: 640, height: 480,
            title: "Predicted against true numbers on test",
            description: "A circle for each of \(Show.plural(rows.count, "test row"))",
            [Figure.frame(x, y, xName: "true", yName: "predicted")] + marks,
            caption:
                "A circle for each test row\(predictions.count > drawn ? ", of the first \(drawn)" : "")."
        )
    }
}
