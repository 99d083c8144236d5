import Metrics

/// The winner beside what it has to beat.
enum ControlsSection {
    /// A control with its difference from the winner.
    private struct Line {
        let name: String
        let description: String
        let dev: ClassificationMetrics
        let test: ClassificationMetrics
        let difference: PairedComparison?
    }

    static func html(_ content: ReportContent) -> HTML {
        let result = content.result
        let frozen = ["linear", "mlp", "random", "logistic", "searched"].compactMap { name in
            result.baselines[name].map {
                Line(
                    name: title(name), description: $0.description, dev: $0.dev, test: $0.test,
                    difference: $0.winnerMinusThis)
            }
        }
        return """
            <section aria-labelledby="controls">
            <h2 id="controls">Controls</h2>
            <p>Would something simpler do? The winner’s accuracy on test minus the control’s, \
            \(result.winner.members == nil
                ? "both means over their seeds" : "each with its seeds’ probabilities averaged"), \
            with a 95% bootstrap interval over the test rows. p is \
            that of McNemar’s exact test on the majority of each side’s seeds: how likely a \
            difference as large is when both are equally good. An interval that holds 0 says that \
            the test rows do not tell them apart.</p>
            \(forest(frozen, id: "forest", name: "the winner minus each control"))
            \(table(frozen, winner: ("winner", result.winner.genotype, result.winner.dev, result.winner.test),
                id: "control-rows", caption: "The winner and its controls, encoder frozen"))
            \(result.winner.members == nil ? result.winner.ensemble.map { ensemble($0) } ?? "" : "")
            \(result.finetuned.map { fineTuned($0, result) } ?? "")
            </section>
            """
    }

    private static func title(_ name: String) -> String {
        switch name {
        case "linear": "linear probe"
        case "mlp": "MLP"
        case "random": "random heads"
        case "logistic": "linear head, fitted exactly"
        case "searched": "the search’s best head"
        default: name
        }
    }

    private static func ensemble(_ metrics: ClassificationMetrics) -> HTML {
        """
        <p>All seeds of the winner together, their probabilities averaged, are right on \
        \(Show.percent(metrics.accuracy)) of test.</p>
        """
    }

    private static func fineTuned(_ tuned: RunResult.FineTuned, _ result: RunResult) -> HTML {
        var lines = [
            Line(
                name: "winner, encoder frozen", description: result.winner.genotype,
                dev: result.winner.dev, test: result.winner.test, difference: tuned.minusFrozen)
        ]
        for (name, control) in tuned.controls.sorted(by: { $0.key < $1.key }) {
            lines.append(
                Line(
                    name: name, description: control.genotype, dev: control.dev,
                    test: control.test, difference: control.winnerMinusThis))
        }
        return """
            <h3>After fine-tuning</h3>
            <p>\(handedOver(tuned, result))Differences are those of means over the seeds.</p>
            \(forest(lines, id: "tuned-forest", name: "the exported model minus each control"))
            \(table(lines, winner: ("exported model, fine-tuned", tuned.genotype, tuned.dev, tuned.test),
                id: "tuned-control-rows", caption: "The exported model and its controls"))
            """
    }

    private static func handedOver(
        _ tuned: RunResult.FineTuned, _ result: RunResult
    ) -> HTML {
        guard tuned.genotype != result.winner.genotype else { return "" }
        return """
            With encoder layers trained, the linear head did better on dev than the search’s \
            winner, so it is the exported model. 
            """
    }

    // MARK: Drawing

    /// Differences with their intervals, one above the other.
    private static func forest(_ lines: [Line], id: String, name: String) -> HTML {
        let paired = lines.compactMap { line in line.difference.map { (line.name, $0) } }
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
            id: id, width: 640, height: height, title: "Differences: \(name)",
            description: paired.map {
                """
                \($0.0): \(Show.points($0.1.difference)) points, from \
                \(Show.points($0.1.interval.lower)) to \(Show.points($0.1.interval.upper))
                """
            }.joined(separator: "; "),
            ticks + [
                """
                <text class="name" x="395" y="\(Figure.at(y.start + 38))" text-anchor="middle">\
                percentage points of test accuracy; right of 0 the winner is better</text>
                """
            ] + rows,
            caption:
                "\(name.prefix(1).uppercased() + name.dropFirst()): squares are differences, bars their 95% intervals."
        )
    }

    private static func table(
        _ lines: [Line],
        winner: (
            name: String, genotype: String, dev: ClassificationMetrics, test: ClassificationMetrics
        ), id: String, caption: String
    ) -> HTML {
        func metrics(_ dev: ClassificationMetrics, _ test: ClassificationMetrics) -> [Table.Cell] {
            [dev.accuracy, test.accuracy, test.f1, test.mcc].map { .init($0, Show.share($0)) }
        }
        let first: [Table.Cell] =
            [.init("<strong>★ \(winner.name)</strong>")] + metrics(winner.dev, winner.test)
            + [.empty, .empty, .empty, .init(LeaderboardSection.genotype(winner.genotype))]
        let others = lines.map { line -> [Table.Cell] in
            let difference: [Table.Cell] =
                line.difference.map {
                    [
                        .init($0.difference, Show.points($0.difference)),
                        .init(
                            text:
                                "\(Show.points($0.interval.lower)) to \(Show.points($0.interval.upper))"
                        ),
                        .init($0.pValue, Show.probability($0.pValue)),
                    ]
                } ?? [.empty, .empty, .empty]
            return [.init(text: line.name)] + metrics(line.dev, line.test) + difference
                + [.init(LeaderboardSection.genotype(line.description))]
        }
        return Table(
            id: id, caption: HTML(text: caption),
            columns: [
                ("", .text), ("Dev accuracy", .number), ("Test accuracy", .number),
                ("Test F1", .number), ("Test MCC", .number), ("Winner minus this, points", .number),
                ("95% interval", .number), ("p", .number), ("What it is", .text),
            ], rows: [first] + others
        ).html
    }
}
