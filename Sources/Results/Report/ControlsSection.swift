import Metrics
import Selection

/// The exported model compared with what it has to beat.
enum ControlsSection {
    static func html(_ content: ReportContent) -> HTML {
        let result = content.result
        let models = compared(result)
        return """
            <section aria-labelledby="controls">
            <h2 id="controls">Controls</h2>
            <p>The exported model minus others, in points of \(result.title(of: result.metrics[0])) on the same \
            test rows, with a 95% bootstrap interval over the rows. If an interval contains 0, \
            these rows cannot tell the two apart, and the simpler one may serve as well. p is that \
            of McNemar’s exact test on right and wrong answers: how likely a difference this large \
            is when both are equally often right.\(full(result))</p>
            \(Forest.html(models, metric: result.title(of: result.metrics[0])))
            \(table(models, result))
            </section>
            """
    }

    /// The best single head, and the controls.
    private static func compared(_ result: RunResult) -> [RunResult.Model] {
        let single = result.single.exportedMinusThis == nil ? [] : [result.single]
        return single + Role.allCases.compactMap { result.controls[$0.rawValue] }
    }

    private static func full(_ result: RunResult) -> HTML {
        let roles: [Role] = [.random, .randomFunnel]
        guard result.search.candidates > 1,
            !roles.contains(where: { result.controls[$0.rawValue] != nil })
        else { return "" }
        return """
             <code class="option">--controls full</code> adds random search with as much work, the \
            search without scores, and a portfolio of linear heads.
            """
    }

    private static func table(_ models: [RunResult.Model], _ result: RunResult) -> HTML {
        let shown = result.metrics
        let hasAccuracy = result.showsAccuracy
        var columns: [(name: String, kind: Table.Kind)] = [
            ("", .text), ("Held-out \(result.title(of: shown[0]))", .number),
        ]
        columns += shown.map { ("Test \(result.title(of: $0))", .number) }
        if hasAccuracy, !shown.contains(.accuracy) { columns.append(("Test accuracy", .number)) }
        columns += [
            (
                "Exported minus this, points of \(result.title(of: shown[0])) [95% interval]",
                .number
            ),
            ("p", .number),
        ]
        if hasAccuracy { columns.append(("Points of accuracy", .number)) }
        columns += [
            ("Test \(result.lossTitle)", .number), ("Heads", .number), ("What it is", .text),
        ]
        return Table(
            id: "control-rows",
            caption: """
                The exported model and what it is compared with. A portfolio’s held-out figures are over \
                rows that it was not chosen on; those of single heads are what they were chosen by, \
                so a little too good
                """,
            columns: columns,
            rows: ([result.exported] + models).map { model in
                let paired = model.exportedMinusThis
                var row: [Table.Cell] = [
                    paired == nil
                        ? .init("<strong>★ exported: \(model.role.title)</strong>")
                        : .init(text: model.role.title),
                    model.heldOut.map { .init($0.value(of: shown[0])) } ?? .empty,
                ]
                row += shown.map { .init(model.test.value(of: $0)) }
                if hasAccuracy, !shown.contains(.accuracy) {
                    row.append(.init(model.test.accuracy))
                }
                row += difference(paired)
                if hasAccuracy {
                    let points = result.exported.test.accuracy - model.test.accuracy
                    row.append(paired == nil ? .empty : .init(points, Show.points(points)))
                }
                return row + [
                    .init(model.test.loss), .init(model.members.count), what(model),
                ]
            }
        ).html
    }

    private static func difference(_ paired: PairedComparison?) -> [Table.Cell] {
        guard let paired else { return [.empty, .empty] }
        return [
            .init(
                paired.difference,
                "\(Show.points(paired.difference)) \(Verdict(comparison: paired).interval)"),
            .init(paired.pValue, Show.probability(paired.pValue)),
        ]
    }

    /// What kind of model it is, and a single head in full; of a portfolio that would be too much.
    private static func what(_ model: RunResult.Model) -> Table.Cell {
        guard model.members.count == 1 else { return .init(text: model.role.explanation) }
        let member = model.members[0]
        return .init(
            """
            \(model.role.explanation)<details><summary>the head</summary>\
            \(HTML(genotype: member.genotype))<br><small>\(member.recipe.description)</small>\
            </details>
            """)
    }
}

/// Differences with their intervals, one above the other.
private enum Forest {
    static func html(_ models: [RunResult.Model], metric: String) -> HTML {
        let paired = models.compactMap { model in
            model.exportedMinusThis.map { (name: model.role.title, comparison: $0) }
        }
        guard !paired.isEmpty else { return "" }
        let height = 80 + 40 * Double(paired.count)
        let ends = paired.flatMap { $0.comparison.interval.bounds + [$0.comparison.difference] }
        let x = Axis(ends.map { $0 * 100 } + [0], from: 220, to: 610)
        let bottom = height - 50
        let rows: [HTML] = paired.enumerated().map { index, row in
            let middle = Figure.at(50 + 40 * Double(index))
            let low = Figure.at(x.place(row.comparison.interval.lower * 100))
            let high = Figure.at(x.place(row.comparison.interval.upper * 100))
            return """
                <text class="box-text" x="210" y="\(Figure.at(54 + 40 * Double(index)))" \
                text-anchor="end">\(row.name)</text>
                <path class="interval" d="M\(low) \(middle)H\(high)M\(low) \(middle)m0 -6v12\
                M\(high) \(middle)m0 -6v12"/>
                \(Mark.square.svg(
                    x.place(row.comparison.difference * 100), 50 + 40 * Double(index),
                    style: "one",
                    title: "\(row.name): \(Show.points(row.comparison.difference)) points"))
                """
        }
        let ticks: [HTML] = x.ticks.map { tick in
            """
            <line class="\(abs(tick) < 1e-9 ? "zero" : "grid")" x1="\(Figure.at(x.place(tick)))" \
            x2="\(Figure.at(x.place(tick)))" y1="30" y2="\(Figure.at(bottom))"/>\
            <text class="tick" x="\(Figure.at(x.place(tick)))" y="\(Figure.at(bottom + 18))" \
            text-anchor="middle">\(x.label(tick))</text>
            """
        }
        return Figure.svg(
            id: "forest", width: 640, height: height,
            title: "Differences: the exported model minus each other",
            description: paired.map {
                """
                \($0.name): \(Show.points($0.comparison.difference)) points, from \
                \(Show.points($0.comparison.interval.lower)) to \
                \(Show.points($0.comparison.interval.upper))
                """
            }.joined(separator: "; "),
            ticks + [
                """
                <text class="name" x="415" y="\(Figure.at(bottom + 38))" text-anchor="middle">\
                points of test \(metric); right of 0 the exported model is better</text>
                """
            ] + rows,
            caption: """
                The exported model minus each other: squares are differences, bars their 95% \
                intervals.
                """)
    }
}
