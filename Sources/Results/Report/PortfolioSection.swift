import Metrics
import Selection

/// The heads that answer: their shares, their own figures, and what each adds.
enum PortfolioSection {
    static func html(_ content: ReportContent) -> HTML {
        let exported = content.result.exported
        return """
            <section aria-labelledby="portfolio">
            <h2 id="portfolio">\(exported.members.count > 1 ? "Who answers" : "What answers")</h2>
            <p>\(exported.members.count > 1 ? together(content) : alone(content))</p>
            \(table(content.result))
            \(exported.memberCurve.count > 1 ? MemberCurve.html(content.result) : "")
            </section>
            """
    }

    private static func together(_ content: ReportContent) -> HTML {
        let (result, exported) = (content.result, content.result.exported)
        let metric = result.metrics[0]
        let best = exported.members.map { $0.test.value(of: metric) }.max() ?? 0
        let disagreement = exported.disagreement.map {
            """
             Two of them answer \(Show.percent($0)) of the test rows differently, on average.
            """
        }
        return """
            Each head gives probabilities, and the portfolio’s are their mean, weighted by the \
            heads’ shares\(temperature(exported)).\(disagreement ?? "") On test the best of them \
            alone has \(result.title(of: metric)) \(Show.share(best)), all together \
            \(Show.share(exported.test.value(of: metric))).
            """
    }

    private static func alone(_ content: ReportContent) -> HTML {
        let exported = content.result.exported
        let member = exported.members[0]
        let seeds =
            member.seeds > 1
            ? "The mean probabilities of \(member.seeds) trainings of it answer"
            : (member.averaged == nil ? "One training of it answers" : "One model of it answers")
                + (member.origin.map { ", \($0)" } ?? "")
        return "The model is one head. \(seeds)\(temperature(exported))."
    }

    private static func temperature(_ model: RunResult.Model) -> HTML {
        guard model.temperature != 1 else { return "" }
        return """
            ; a temperature of \(Show.decimals(model.temperature, 2)) makes them \
            \(model.temperature > 1 ? "less" : "more") sure (see \
            <a href="#calibration">Calibration</a>)
            """
    }

    private static func table(_ result: RunResult) -> HTML {
        let (members, metric) = (result.exported.members, result.metrics[0])
        let hasAdds = members.contains { $0.adds != nil }
        var columns: [(name: String, kind: Table.Kind)] = [
            ("No.", .number), ("Share", .number), ("Held-out \(result.title(of: metric))", .number),
            ("Test \(result.title(of: metric))", .number),
        ]
        if result.showsAccuracy { columns.append(("Test accuracy", .number)) }
        if hasAdds { columns.append((result.target == .number ? "Adds" : "Adds, nats", .number)) }
        columns += [("Trainings", .number), ("Weights", .number), ("Head", .text)]
        return Table(
            id: "members",
            caption: """
                The heads of the exported model. Figures are each head’s own; \
                “weights” are those of one training\
                \(hasAdds ? "; “adds” is what the held-out \(result.lossTitle) would rise by without it" : "")
                """,
            columns: columns,
            rows: members.enumerated().map { place, member in
                var row: [Table.Cell] = [
                    .init(place + 1), .init(member.weight, Show.percent(member.weight)),
                    member.heldOut.map { Table.Cell($0.value(of: metric)) } ?? .empty,
                    .init(member.test.value(of: metric)),
                ]
                if result.showsAccuracy { row.append(.init(member.test.accuracy)) }
                if hasAdds {
                    row.append(member.adds.map { .init($0, Show.signed($0)) } ?? .empty)
                }
                return row + [
                    .init(member.seeds), .init(member.parameters), .init(head(member, result)),
                ]
            }
        ).html
    }

    /// Why a head was trained, what it reads, what it is, and how it was trained.
    private static func head(_ member: RunResult.Member, _ result: RunResult) -> HTML {
        let pairing =
            Set(result.encoders.map(\.pairing)).count > 1 ? ", \(member.pairing)" : ""
        return """
            \(member.role.title); <bdi>\(member.encoder)</bdi>\(pairing), \
            \(Show.layers(member.layers))<br>\(HTML(genotype: member.genotype))<br>\
            <small>\(member.recipe.description)</small>
            """
    }
}

/// Held-out cross entropy with one member, two, ...
enum MemberCurve {
    static func html(_ result: RunResult) -> HTML {
        let steps = result.exported.memberCurve
        let x = Axis(
            [1, Double(steps.count)], from: 60, to: 620, padding: 0,
            count: min(10, max(1, steps.count - 1)))
        let y = Axis(steps.map(\.crossEntropy), from: 260, to: 40, padding: 0.1)
        let path = steps.enumerated().map { place, step in
            "\(place == 0 ? "M" : "L")\(Figure.at(x.place(Double(step.members)))) "
                + Figure.at(y.place(step.crossEntropy))
        }.joined()
        let marks: [HTML] = steps.map { step in
            Mark.circle.svg(
                x.place(Double(step.members)), y.place(step.crossEntropy), style: "one",
                title: """
                    \(Show.plural(step.members, "head")): \(result.lossTitle) \
                    \(Show.share(step.crossEntropy))\
                    \(step.accuracy.map { ", accuracy \(Show.share($0))" } ?? "")
                    """)
        }
        return Figure.svg(
            id: "member-curve", width: 640, height: 320,
            title: "Held-out \(result.lossTitle) against the number of heads",
            description: steps.map {
                "\(Show.plural($0.members, "head")): \(Show.share($0.crossEntropy))"
            }.joined(separator: "; "),
            [
                Figure.frame(
                    x, y, xName: "heads that answer",
                    yName:
                        "held-out \(result.lossTitle)\(result.target == .number ? "" : " (nats)")"),
                "<path class=\"line series0\" d=\"\(path)\"/>",
            ] + marks,
            caption: """
                What every further head adds: from the right, always the head leaves without which the \
                others answer best. Cross entropy, each time with its best temperature, on the \
                held-out rows that the heads were chosen on; \
                \(Show.plural(result.exported.members.count, "head")) remained; the estimate on rows that they \
                were not chosen on is \
                \(result.exported.heldOut.map { Show.share($0.crossEntropy) } ?? "not known").
                """)
                + """
                <details><summary>The numbers in this figure</summary>
                \(Table(
                id: "member-steps", caption: "Held-out figures by number of heads",
                columns: [
                    ("Heads", .number), ("Cross entropy", .number), ("Accuracy", .number),
                ],
                rows: steps.map {
                    [.init($0.members), .init($0.crossEntropy), $0.accuracy.map { .init($0) } ?? .empty]
                }).html)
                </details>
                """
    }
}
