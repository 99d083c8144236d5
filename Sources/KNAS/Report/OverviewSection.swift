/// What was searched, and how it ended.
enum OverviewSection {
    static func html(_ content: ReportContent) -> HTML {
        let result = content.result
        let winner = result.finetuned?.test ?? result.winner.test
        let seeds = result.finetuned?.perSeed.count ?? result.winner.perSeed.count
        let trainings: String =
            if let members = result.winner.members, members > 1 {
                "the probabilities of \(members) trainings averaged"
            } else {
                seeds == 1 ? "one training" : "mean of \(seeds) trainings"
            }
        return """
            <section aria-labelledby="overview">
            <h2 id="overview">What was searched</h2>
            <p class="lead">The winner is right on \
            <strong>\(Show.percent(winner.accuracy))</strong> of \
            \(Show.plural(winner.count, "test row")) \
            (\(trainings)), with \
            \(Show.count(result.finetuned?.parameters ?? result.winner.parameters)) trained \
            weights\((result.winner.members ?? 1) > 1 ? " each" : ""). \(versusProbe(result))</p>
            <dl>
            \(facts(content).map { "<div><dt>\($0.name)</dt><dd>\($0.value)</dd></div>" as HTML })
            </dl>
            <p>The same result again:</p>
            <pre tabindex="0"><code>\(content.command)</code></pre>
            <details><summary>All options</summary>
            \(options(content))
            </details>
            </section>
            """
    }

    private static func facts(_ content: ReportContent) -> [(name: String, value: HTML)] {
        let result = content.result
        let rows = ["train", "dev", "test"].map {
            "\(Show.count(result.rows[$0] ?? 0)) \($0)"
        }
        let labels = result.labels.prefix(30).joined(separator: ", ")
        let search = result.search
        return [
            ("Task", "<bdi>\(result.task)</bdi>"),
            ("Rows", HTML(text: rows.joined(separator: ", "))),
            (
                Show.plural(result.labels.count, "class"),
                "<bdi>\(labels)</bdi>\(result.labels.count > 30 ? ", …" : "")"
            ),
            ("Encoder", "<bdi>\(result.encoder)</bdi>\(unfrozen(result))"),
            ("Layers that heads could read", HTML(text: result.layerNames)),
            ("Pairs", HTML(text: pairing(content))),
            ("Heads in the space", Show.size(search.spaceSize)),
            (
                "Candidates",
                """
                \(Show.count(search.candidates)) by <code>\(search.strategy)</code>, \
                \(Show.count(search.scored)) scored, \(Show.count(search.failed)) failed
                """
            ),
            ("Ranked by", "<code>\(search.proxy)</code>"),
            ("Trained", HTML(text: Show.plural(result.finalists.count, "finalist"))),
            ("Seed", HTML(text: "\(result.seed)")),
            ("Version", "knas \(result.version), matrix products by \(result.kernels)"),
        ]
    }

    private static func unfrozen(_ result: RunResult) -> HTML {
        guard let layers = result.finetuned?.layers, let first = layers.first,
            let last = layers.last
        else { return ", frozen" }
        return ", \(Show.layers(first, last)) trained with the winner"
    }

    private static func pairing(_ content: ReportContent) -> String {
        guard content.test.examples.contains(where: { $0.pair != nil }) else {
            return "none: single texts"
        }
        return content.result.pairing == "joint"
            ? "both texts in one sequence (joint)" : "each text apart (siamese)"
    }

    /// The winner beside the simplest control, in a sentence.
    private static func versusProbe(_ result: RunResult) -> HTML {
        guard result.finetuned == nil,
            let paired = result.baselines["linear"]?.winnerMinusThis
        else { return "" }
        let sure =
            paired.interval.contains(0)
            ? "which may be chance" : "which is hardly chance"
        return """
            That is \(Show.points(paired.difference)) percentage points against a linear probe \
            [95% interval \(Show.points(paired.interval.lower)) to \
            \(Show.points(paired.interval.upper))], \(sure).
            """
    }

    private static func options(_ content: ReportContent) -> HTML {
        Table(
            id: "options", caption: "Choices of this run, the command line's defaults included",
            columns: [("Option", .text), ("Value", .text)],
            rows: content.options.map { [.init("<code>\($0.name)</code>"), .init(text: $0.value)] }
        ).html
    }
}
