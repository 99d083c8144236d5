import Metrics
import Selection

/// How many heads went how far, and whether the ranking by score told which would do well.
enum FunnelSection {
    private static let width = 640.0
    private static let height = 380.0

    static func html(_ content: ReportContent) -> HTML {
        """
        <section aria-labelledby="funnel">
        <h2 id="funnel">The funnel</h2>
        \(steps(content.result))
        \(scatter(content))
        </section>
        """
    }

    // MARK: Numbers

    private static func steps(_ result: RunResult) -> HTML {
        let contestants = result.entries(.contestant)
        let left = result.entries(.tried)
        let metric = result.title(of: result.metrics[0])
        // Heads that went to the end and diverged there were in every round.
        let rounds = left.map(\.rounds).max() ?? 0
        func inRound(_ round: Int) -> Int {
            contestants.count + left.count { $0.rounds == 0 || $0.rounds >= round }
        }
        var rows: [(step: String, heads: Int, what: String)] = [
            (
                "Proposed", result.search.candidates,
                "drawn from the space by \(result.search.strategy)"
            ),
            ("Scored", result.search.scored, "without training, by \(result.search.proxy)"),
        ]
        if rounds > 0 {
            rows.append(
                (
                    "Began to be trained", inRound(1),
                    "the best by score, with a floor for every layer, pooling and kind of block"
                ))
        }
        for round in stride(from: 2, through: rounds, by: 1) {
            rows.append(
                (
                    "Went on to round \(round)", inRound(round),
                    "the best by \(metric) and cross entropy on held-out rows; their weights were kept"
                ))
        }
        rows += [
            (
                "Contestants", contestants.count,
                "trained to the end, with \(Show.plural(contestants.first?.parts ?? 1, "part")) "
                    + "of the rows held out in turn"
            ),
            (
                "In the exported model", result.exported.members.count { $0.role == .contestant },
                "beside \(Show.plural(others(result), "head")) of other kinds"
            ),
        ]
        return Table(
            id: "steps", caption: "From heads that were proposed to those that answer",
            columns: [("Step", .text), ("Heads", .number), ("What they are", .text)],
            rows: rows.map { [.init(text: $0.step), .init($0.heads), .init(text: $0.what)] }
        ).html
    }

    private static func others(_ result: RunResult) -> Int {
        result.exported.members.count { $0.role != .contestant }
    }

    // MARK: Rank against accuracy

    private static func scatter(_ content: ReportContent) -> HTML {
        let metric = content.result.metrics[0]
        let heads = content.trained.filter { head in
            [.contestant, .tried].contains(head.entry.role) && head.place != nil
                && head.entry.heldOut != nil
        }
        guard heads.count > 1 else {
            return
                "<p>One head was scored and trained: there is nothing to compare scores with.</p>"
        }
        let x = Axis(
            heads.map { Double($0.place ?? 0) } + [0], from: 60, to: 620,
            limits: 0...Double.greatestFiniteMagnitude)
        let values = heads.map { $0.entry.heldOut?.value(of: metric) ?? 0 }
        let y = Axis(
            values, from: height - 60, to: 40, padding: 0.1,
            limits: metric.limits)
        let points: [HTML] = zip(heads, values).map { head, value in
            let (shape, style, name) = mark(head)
            return shape.svg(
                x.place(Double(head.place ?? 0)), y.place(value), style: style,
                title: """
                    rank \(head.place ?? 0), \(name): \(Show.share(value)). \
                    \(head.entry.genotype)
                    """)
        }
        return """
            \(agreement(heads))
            \(Figure.svg(
                id: "score-figure", width: width, height: height,
                title: "Rank by score against held-out \(content.result.title(of: metric))",
                description: """
                    \(heads.count) heads that were scored and trained, ranks \
                    \(heads.compactMap(\.place).min() ?? 0) to \
                    \(heads.compactMap(\.place).max() ?? 0); held-out \(content.result.title(of: metric)) from \
                    \(Show.share(values.min() ?? 0)) to \(Show.share(values.max() ?? 0)).
                    """,
                [
                    Figure.frame(
                        x, y, xName: "rank by score (1 is the best)",
                        yName: "held-out \(content.result.title(of: metric))")
                ] + points,
                caption: """
                    Rank by score, before any training, against \(content.result.title(of: metric)) on held-out rows when \
                    the training ended. ★ member of the exported model, ● contestant, ○ left the \
                    funnel after a short training.
                    """))
            """
    }

    /// How well ranks by score agree with what was learnt in the first epochs, which all heads had.
    private static func agreement(_ heads: [ReportContent.Trained]) -> HTML {
        let seen = heads.filter { !$0.entry.history.isEmpty }
        guard seen.count > 2, let epochs = seen.map(\.entry.history.count).min(),
            let rho = RankStatistics.spearman(
                seen.map { -Double($0.place ?? 0) },
                seen.map { $0.entry.history[epochs - 1].devScore })
        else { return "" }
        return """
            <p>Among the \(Show.plural(seen.count, "head")) that began, rank by score and dev result \
            after \(Show.plural(epochs, "epoch")) have a rank correlation of \
            <strong>\(Show.decimals(rho, 2))</strong> (Spearman’s rho: 1 is the same order, 0 none). \
            Heads began because of their scores, so over all candidates it may be higher.</p>
            """
    }

    private static func mark(_ head: ReportContent.Trained) -> (Mark, String, String) {
        if let member = head.member { return (.star, "member", "member \(member)") }
        return head.entry.role == .contestant
            ? (.circle, "one", "contestant") : (.circle, "open", "left the funnel")
    }
}
