import Metrics
import Selection

/// The exported model compared with what it has to beat.
enum ControlsSection {
    /// A control with its name.
    private struct Line {
        let name: String
        let explanation: String
        let control: RunResult.Control
    }

    static func html(_ content: ReportContent) -> HTML {
        let result = content.result
        let averages = result.exported.members.contains { $0.seeds > 1 }
        let lines = Role.allCases.compactMap { role in
            result.controls[role.rawValue].map {
                Line(name: role.title, explanation: role.explanation, control: $0)
            }
        }
        return """
            <section aria-labelledby="controls">
            <h2 id="controls">Controls</h2>
            <p>Would something simpler do? The exported model’s accuracy on test minus the control’s, \
            \(averages ? "each with its seeds’ probabilities averaged" : "both means over their seeds"), \
            with a 95% bootstrap interval over the test rows. p is \
            that of McNemar’s exact test on the majority vote of each side’s seeds: how likely \
            a difference this large is when both are equally good. If an interval contains 0, \
            these test rows cannot distinguish the two.</p>
            \(forest(lines))
            \(table(lines, result))
            \(averages ? "" : result.exported.seedsTogether.map { together($0) } ?? "")
            </section>
            """
    }

    private static func together(_ metrics: ClassificationMetrics) -> HTML {
        """
        <p>All seeds of the exported head together, their probabilities averaged, are right on \
        \(Show.percent(metrics.accuracy)) of test.</p>
        """
    }

    // MARK: Drawing

    /// Differences with their intervals, one above the other.
    private static func forest(_ lines: [Line]) -> HTML {
        let paired = lines.map { ($0.name, $0.control.exportedMinusThis) }
        guard !paired.isEmpty else { return "" }
        let height = 80 + 40 * Double(paired.count)
        let ends = paired.flatMap { [$0.1.interval.lower, $0.1.interval.upper, $0.1.difference] }
        let x = Axis(ends.map { $0 * 100 } + [0], from: 180, to: 610)
        let y = Axis([0, 1], from: height - 50, to: 30, padding: 0)
        let rows: [HTML] = paired.enumerated().map { index, row in
            let middle = Figure.at(50 + 40 * Double(index))
            let low = Figure.at(x.place(row.1.interval.lower * 100))
            let high = Figure.at(x.place(row.1.interval.upper * 100))
            return """
                <text class="box-text" x="170" y="\(Figure.at(54 + 40 * Double(index)))" \
                text-anchor="end">\(row.0)</text>
                <path class="interval" d="M\(low) \(middle)H\(high)M\(low) \(middle)m0 -6v12\
                M\(high) \(middle)m0 -6v12"/>
                \(Mark.square.svg(
                    x.place(row.1.difference * 100), 50 + 40 * Double(index), style: "one",
                    title: "\(row.0): \(Show.points(row.1.difference)) points"))
                """
        }
        let ticks: [HTML] = x.ticks.map { tick in
            """
            <line class="\(abs(tick) < 1e-9 ? "zero" : "grid")" x1="\(Figure.at(x.place(tick)))" \
            x2="\(Figure.at(x.place(tick)))" y1="30" y2="\(Figure.at(y.start))"/>\
            <text class="tick" x="\(Figure.at(x.place(tick)))" y="\(Figure.at(y.start + 18))" \
            text-anchor="middle">\(x.label(tick))</text>
            """
        }
        return Figure.svg(
            id: "forest", width: 640, height: height,
            title: "Differences: the exported model minus each control",
            description: paired.map {
                """
                \($0.0): \(Show.points($0.1.difference)) points, from \
                \(Show.points($0.1.interval.lower)) to \(Show.points($0.1.interval.upper))
                """
            }.joined(separator: "; "),
            ticks + [
                """
                <text class="name" x="395" y="\(Figure.at(y.start + 38))" text-anchor="middle">\
                percentage points of test accuracy; right of 0 the exported model is better</text>
                """
            ] + rows,
            caption: """
                The exported model minus each control: squares are differences, bars their 95% \
                intervals.
                """)
    }

    private static func table(_ lines: [Line], _ result: RunResult) -> HTML {
        let (exported, shown) = (result.exported, result.metrics)
        func metrics(_ dev: ClassificationMetrics, _ test: ClassificationMetrics) -> [Table.Cell] {
            ([dev.value(of: shown[0])] + shown.map { test.value(of: $0) })
                .map { .init($0, Show.share($0)) }
        }
        func what(_ genotypes: [String], _ text: String) -> Table.Cell {
            let heads: [HTML] = genotypes.map { LeaderboardSection.genotype($0) }
            return .init("\(heads)<br><small>\(text)</small>")
        }
        let first: [Table.Cell] =
            [.init("<strong>★ exported: \(exported.role.title)</strong>")]
            + metrics(exported.dev, exported.test)
            + [.empty, .empty, .empty]
            + [
                what(
                    exported.members.map(\.genotype),
                    "\(exported.role.explanation); \(exported.recipe)")
            ]
        let others = lines.map { line -> [Table.Cell] in
            let (control, paired) = (line.control, line.control.exportedMinusThis)
            let interval =
                "\(Show.points(paired.interval.lower)) to \(Show.points(paired.interval.upper))"
            return [.init(text: line.name)] + metrics(control.dev, control.test) + [
                .init(paired.difference, Show.points(paired.difference)), .init(text: interval),
                .init(paired.pValue, Show.probability(paired.pValue)),
                what([control.genotype], "\(line.explanation); \(control.recipe)"),
            ]
        }
        return Table(
            id: "control-rows", caption: "The exported model and its controls",
            columns: [
                ("", .text), ("Dev \(shown[0].title)", .number),
            ] + shown.map { ("Test \($0.title)", .number) } + [
                ("Exported minus this, points of accuracy", .number), ("95% interval", .number),
                ("p", .number), ("What it is", .text),
            ], rows: [first] + others
        ).html
    }
}
