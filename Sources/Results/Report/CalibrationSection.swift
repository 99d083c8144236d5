import Metrics

/// Whether the exported model is right as often as it is confident.
enum CalibrationSection {
    private static let binCount = 10

    static func html(_ content: ReportContent) -> HTML {
        let predictions = content.test.predictions
        let curve = CalibrationCurve(predictions, binCount: binCount)
        let count = Double(max(1, predictions.confidences.count))
        let confidence = predictions.confidences.reduce(0) { $0 + Double($1) } / count
        let accuracy = Double(predictions.confirmations.count { $0 }) / count
        let several: HTML =
            predictions.targets.kind == .labels
            ? """
            <p>Here every label of every row counts: confidence is the probability that the row has it, \
            right that it has.</p>
            """ : ""
        return """
            <section aria-labelledby="calibration">
            <h2 id="calibration">Calibration</h2>
            <p>On test the exported model is \(Show.percent(confidence)) confident on average and \
            right \(Show.percent(accuracy)) of the time: it is \(verdict(confidence - accuracy)). \
            The expected calibration error in \(binCount) bins is \
            <strong>\(Show.share(curve.expectedError))</strong>: the average difference, over the \
            rows, between confidence and accuracy of a row’s bin (0 is perfect). The largest gap \
            of a bin is \(Show.share(curve.maximumError)).</p>
            \(several)\(temperature(content))
            \(figure(curve))
            <details><summary>The numbers in this figure</summary>
            \(table(curve))
            </details>
            </section>
            """
    }

    /// What the temperature changed.
    private static func temperature(_ content: ReportContent) -> HTML {
        let temperature = content.result.exported.temperature
        guard temperature != 1 else { return "" }
        let rows = [("before", content.uncalibrated), ("after", content.test.predictions)]
        return """
            <p>Logits are divided by one temperature, \(Show.decimals(temperature, 3)), that was \
            fitted on held-out rows; it changes no answer, only how sure the model says it is.</p>
            \(Table(
                id: "temperature", caption: "Before and after the temperature, on test",
                columns: [
                    ("", .text), ("Calibration error, \(binCount) bins", .number),
                    ("Cross entropy", .number), ("Brier score", .number),
                ],
                rows: rows.map { name, predictions in
                    let metrics = ClassificationMetrics(predictions)
                    let curve = CalibrationCurve(predictions, binCount: binCount)
                    return [
                        .init(text: name), .init(curve.expectedError),
                        .init(metrics.crossEntropy), .init(metrics.brier),
                    ]
                }).html)
            """
    }

    private static func verdict(_ gap: Double) -> String {
        if abs(gap) < 0.01 { return "well calibrated overall" }
        let size = abs(gap) < 0.05 ? "a little" : "clearly"
        return gap > 0 ? "\(size) overconfident" : "\(size) underconfident"
    }

    private static func figure(_ curve: CalibrationCurve) -> HTML {
        let x = Axis([0, 1], from: 60, to: 420, padding: 0)
        let y = Axis([0, 1], from: 400, to: 40, padding: 0)
        let total = Double(max(1, curve.bins.reduce(0) { $0 + $1.count }))
        let bars: [HTML] = curve.bins.filter { $0.count > 0 }.map { bin in
            let top = y.place(bin.accuracy)
            // The width shows how many rows a bin has: full width would be all of them.
            let width =
                (x.place(bin.upper) - x.place(bin.lower) - 4)
                * max(0.12, (Double(bin.count) / total).squareRoot())
            let middle = (x.place(bin.lower) + x.place(bin.upper)) / 2
            return """
                <rect class="bar" x="\(Figure.at(middle - width / 2))" y="\(Figure.at(top))" \
                width="\(Figure.at(width))" height="\(Figure.at(y.start - top))"/>\
                <text class="label" x="\(Figure.at(middle))" y="\(Figure.at(y.start - 6))" \
                text-anchor="middle">\(Show.count(bin.count))</text>
                """
        }
        let marks: [HTML] = curve.bins.filter { $0.count > 0 }.map { bin in
            Mark.diamond.svg(
                x.place(bin.confidence), y.place(bin.accuracy), style: "member",
                title: """
                    \(bin.count) rows, confidence \(Show.share(bin.confidence)), right \
                    \(Show.share(bin.accuracy))
                    """)
        }
        let diagonal: HTML = """
            <path class="reference" d="M\(Figure.at(x.start)) \(Figure.at(y.start))\
            L\(Figure.at(x.end)) \(Figure.at(y.end))"/>
            """
        return Figure.svg(
            id: "calibration-figure", width: 440, height: 460, title: "Calibration curve",
            description: curve.bins.filter { $0.count > 0 }.map {
                """
                confidence \(Show.share($0.confidence)): right \(Show.share($0.accuracy)) of \
                \(Show.plural($0.count, "row"))
                """
            }.joined(separator: "; "),
            [Figure.frame(x, y, xName: "confidence", yName: "accuracy")] + bars
                + [diagonal] + marks,
            caption: """
                Ten bins of confidence. The height of a bar is the accuracy in its bin, the width \
                shows how many rows are in it, and their number is at its foot; diamonds \
                are at the mean confidence. On the dashed line confidence and accuracy agree; \
                diamonds below it are overconfident.
                """)
    }

    private static func table(_ curve: CalibrationCurve) -> HTML {
        Table(
            id: "calibration-bins", caption: "Calibration by bin of confidence",
            columns: [
                ("Confidence", .text), ("Rows", .number), ("Mean confidence", .number),
                ("Accuracy", .number),
            ],
            rows: curve.bins.map { bin in
                [
                    .init(text: "\(Show.decimals(bin.lower, 1)) to \(Show.decimals(bin.upper, 1))"),
                    .init(bin.count),
                    bin.count == 0 ? .empty : .init(bin.confidence, Show.share(bin.confidence)),
                    bin.count == 0 ? .empty : .init(bin.accuracy, Show.share(bin.accuracy)),
                ]
            }
        ).html
    }
}
