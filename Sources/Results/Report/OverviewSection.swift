import Selection

/// What the run gave, whether that is better than something simple, and what was searched.
enum OverviewSection {
    static func html(_ content: ReportContent) -> HTML {
        let result = content.result
        let answers: [(question: String, answer: HTML)] = [
            ("What did I get?", Answers.what(result)),
            ("Is it better than something simple?", Answers.simple(result)),
            ("Was the search worth it?", Answers.worth(result)),
        ]
        return """
            <section aria-labelledby="overview">
            <h2 id="overview">In short</h2>
            <dl class="answers">
            \(answers.map { "<div><dt>\($0.question)</dt><dd>\($0.answer)</dd></div>" as HTML })
            </dl>
            <h3>What was searched</h3>
            <dl>
            \(facts(content).map { "<div><dt>\($0.name)</dt><dd>\($0.value)</dd></div>" as HTML })
            </dl>
            \(content.origin.command.map(command) ?? "")
            <details><summary>All choices</summary>
            \(choices(content))
            </details>
            </section>
            """
    }

    private static func command(_ text: String) -> HTML {
        """
        <p>To reproduce this result:</p>
        <pre tabindex="0"><code>\(text)</code></pre>
        """
    }

    private static func facts(_ content: ReportContent) -> [(name: String, value: HTML)] {
        let result = content.result
        let rows = ["train", "dev", "test"].map {
            "\(Show.count(result.rows[$0] ?? 0)) \($0)"
        }
        let search = result.search
        return [
            ("Task", "<bdi>\(result.task)</bdi>"),
            ("Rows", HTML(text: rows.joined(separator: ", "))),
            classes(result),
            ("Decided by", HTML(text: result.title(of: result.metrics[0]) + " on held-out rows")),
            (result.encoders.count > 1 ? "Views" : "Encoder", views(content)),
            ("Heads in the space", Show.size(search.spaceSize)),
            (
                "Candidates",
                """
                \(Show.count(search.candidates)) by <code>\(search.strategy)</code>, \
                \(Show.count(search.scored)) scored, \(Show.count(search.failed)) failed
                """
            ),
            ("Ranked by", "<code>\(search.proxy)</code>"),
            ("Trained", HTML(text: Show.plural(result.entries.count, "head"))),
            ("Seed", HTML(text: "\(result.seed)")),
            ("Version", "knas \(result.version), matrix products by \(result.kernels)"),
        ]
    }

    /// What rows are answered with.
    private static func classes(_ result: RunResult) -> (name: String, value: HTML) {
        let names = result.labels.prefix(30).joined(separator: ", ")
        let list: HTML = "<bdi>\(names)</bdi>\(result.labels.count > 30 ? ", …" : "")"
        switch result.target ?? .oneClass {
        case .oneClass: return (Show.plural(result.labels.count, "class"), list)
        case .labels: return (Show.plural(result.labels.count, "label"), list)
        case .number: return ("Answer", "a number")
        }
    }

    /// What heads could read.
    private static func views(_ content: ReportContent) -> HTML {
        let result = content.result
        let hasPairs = content.test.examples.contains { $0.pair != nil }
        let views: [HTML] = result.encoders.enumerated().map { place, use in
            let pairs = hasPairs ? ", \(pairing(use.pairing))" : ""
            return """
                <bdi>\(use.name)</bdi>\(pairs), \
                \(Show.layers(use.layers))\(place + 1 < result.encoders.count ? ";" : "")
                """
        }
        return "\(views)\(unfrozen(result))"
    }

    private static func unfrozen(_ result: RunResult) -> HTML {
        guard let layers = result.exported.trainedLayers, let first = layers.first,
            let last = layers.last
        else { return "" }
        let head = result.exported.members.count > 1 ? "one of the heads" : "the head"
        return ", \(Show.layers(Array(first...max(first, last)))) trained with \(head)"
    }

    private static func pairing(_ name: String) -> String {
        name == "joint" ? "both texts in one sequence (joint)" : "each text separately (siamese)"
    }

    private static func choices(_ content: ReportContent) -> HTML {
        Table(
            id: "options", caption: "Choices of this run, defaults included",
            columns: [("Choice", .text), ("Value", .text)],
            rows: content.origin.choices.sorted { $0.key < $1.key }.map {
                [.init("<code>\($0.key)</code>"), .init(text: $0.value)]
            }
        ).html
    }
}
