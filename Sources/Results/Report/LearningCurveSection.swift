import Metrics
import Selection
import Training

/// How the trainings of the exported model's heads went, epoch by epoch.
enum LearningCurveSection {
    private static let width = 640.0
    private static let height = 320.0
    /// Most heads that are drawn: more lines could not be distinguished.
    private static let drawn = 6

    /// A member of the exported model and the epochs of its first training.
    private struct Line {
        let member: Int
        let entry: RunResult.Entry
    }

    static func html(_ content: ReportContent) -> HTML {
        let lines = content.trained.compactMap { head -> Line? in
            guard let member = head.member, !head.entry.recipe.isDeterministic else { return nil }
            return Line(member: member, entry: head.entry)
        }.sorted { $0.member < $1.member }
        return """
            <section aria-labelledby="learning">
            <h2 id="learning">Learning curves</h2>
            \(lines.isEmpty
                ? "<p>The exported model’s heads were fitted exactly: there are no epochs.</p>"
                : curves(lines, content.result))
            </section>
            """
    }

    private static func curves(_ lines: [Line], _ result: RunResult) -> HTML {
        let metric = result.metrics[0]
        return figure(
            lines, id: "curves-loss",
            what: result.target == .number
                ? "dev squared error (in variances)" : "dev cross entropy (nats)",
            limits: 0...Double.greatestFiniteMagnitude
        ) { $0.devCrossEntropy }
            + figure(
                lines, id: "curves-score", what: "dev \(result.title(of: metric))",
                limits: metric.limits
            ) { $0.devScore }
                + """
                <details><summary>The numbers in these figures</summary>\(table(lines, result))</details>
                """
    }

    private static func figure(
        _ all: [Line], id: String, what: String, limits: ClosedRange<Double>,
        _ value: (EpochRecord) -> Double
    ) -> HTML {
        let lines = all.prefix(drawn)
        let records = lines.flatMap(\.entry.history)
        let epochs = max(2, records.map(\.epoch).max() ?? 2)
        let x = Axis(
            [1, Double(epochs)], from: 60, to: width - 20, padding: 0, count: min(10, epochs - 1))
        let y = Axis(records.map(value), from: height - 60, to: 40, limits: limits)
        let drawings: [HTML] = lines.enumerated().map { draw($1, $0, x, y, value) }
        let last = lines.compactMap { $0.entry.history.last.map(value) }
        let legend = lines.enumerated().map { "member \($1.member): \(Mark(series: $0).name)s" }
            .joined(separator: ", ")
        return Figure.svg(
            id: id, width: width, height: height, title: "\(what), members of the exported model",
            description: """
                \(what) by epoch of \(Show.plural(lines.count, "head")); at the end \
                \(last.map(Show.share).joined(separator: ", ")).
                """,
            [Figure.frame(x, y, xName: "epoch", yName: what)] + drawings,
            caption: """
                \(what.prefix(1).uppercased() + what.dropFirst()) by epoch, while dev was held out; \
                \(legend).\(all.count > lines.count ? " The first \(lines.count) of \(all.count) are drawn." : "")
                """)
    }

    private static func draw(
        _ line: Line, _ series: Int, _ x: Axis, _ y: Axis, _ value: (EpochRecord) -> Double
    ) -> HTML {
        let style = "series\(series % 6)"
        let history = line.entry.history
        let points = history.map { (x.place(Double($0.epoch)), y.place(value($0))) }
        let path = points.enumerated().map { index, point in
            "\(index == 0 ? "M" : "L")\(Figure.at(point.0)) \(Figure.at(point.1))"
        }.joined()
        let marks: [HTML] = zip(history, points).map { record, point in
            Mark(series: series).svg(
                point.0, point.1, size: 4, style: style,
                title: """
                    member \(line.member), epoch \(record.epoch): \(Show.share(value(record)))
                    """)
        }
        return """
            <path class="line \(style)" stroke-dasharray="\(Mark.dash(series: series))" \
            d="\(path)"/>
            \(marks)
            """
    }

    private static func table(_ lines: [Line], _ result: RunResult) -> HTML {
        let metric = result.metrics[0]
        var columns: [(name: String, kind: Table.Kind)] = [
            ("Member", .number), ("Epoch", .number), ("Training loss", .number),
            ("Dev \(result.lossTitle)", .number), ("Dev \(result.title(of: metric))", .number),
        ]
        if result.showsAccuracy { columns.append(("Dev accuracy", .number)) }
        return Table(
            id: "epochs", caption: "Epochs of the exported model’s heads", columns: columns,
            rows: lines.flatMap { line in
                line.entry.history.map { record in
                    [
                        .init(line.member), .init(record.epoch), .init(record.trainingLoss),
                        .init(record.devCrossEntropy), .init(record.devScore),
                    ] + (result.showsAccuracy ? [.init(record.devAccuracy)] : [])
                }
            }
        ).html
    }
}
