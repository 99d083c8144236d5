import Selection

/// What was searched, and how it ended.
enum OverviewSection {
    static func html(_ content: ReportContent) -> HTML {
        let exported = content.result.exported
        let seeds = exported.perSeed.count
        let members = exported.members.reduce(0) { $0 + $1.seeds }
        let trainings =
            members > 1
            ? "the probabilities of \(members) trainings averaged"
            : exported.isOneOfSeveral
                ? "the best of \(seeds) trainings on dev; their mean is \(Show.percent(exported.test.accuracy))"
                : "one training"
        return """
            <section aria-labelledby="overview">
            <h2 id="overview">What was searched</h2>
            <p class="lead">The exported model, the \(exported.role.title), is right on \
            <strong>\(Show.percent(exported.modelTest.accuracy))</strong> of \
            \(Show.plural(exported.test.count, "test row")) \
            (\(trainings)), with \(Show.count(exported.parameters)) trained \
            weights\(members > 1 ? " each" : ""). \(versusLinear(content.result))</p>
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
        let labels = result.labels.prefix(30).joined(separator: ", ")
        let search = result.search
        let encoders: [HTML] = result.encoders.enumerated().map { place, use in
            "\(place > 0 ? "; " : "")<bdi>\(use.name)</bdi>\(result.encoders.count > 1 ? " (\(use.pairing))" : "")"
        }
        let layers = result.encoders.map { $0.layers.map(String.init).joined(separator: ", ") }
        return [
            ("Task", "<bdi>\(result.task)</bdi>"),
            ("Rows", HTML(text: rows.joined(separator: ", "))),
            (
                Show.plural(result.labels.count, "class"),
                "<bdi>\(labels)</bdi>\(result.labels.count > 30 ? ", …" : "")"
            ),
            ("Encoder", "\(encoders)\(unfrozen(result))"),
            ("Layers that heads could read", HTML(text: layers.joined(separator: "; "))),
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
            ("Trained", HTML(text: Show.plural(result.entries(.finalist).count, "finalist"))),
            ("Seed", HTML(text: "\(result.seed)")),
            ("Version", "knas \(result.version), matrix products by \(result.kernels)"),
        ]
    }

    private static func unfrozen(_ result: RunResult) -> HTML {
        guard let layers = result.exported.trainedLayers, let first = layers.first,
            let last = layers.last
        else { return ", frozen" }
        return ", \(Show.layers(first, last)) trained with the head"
    }

    private static func pairing(_ content: ReportContent) -> String {
        guard content.test.examples.contains(where: { $0.pair != nil }) else {
            return "none: single texts"
        }
        return content.result.exported.members.allSatisfy { $0.pairing == "joint" }
            ? "both texts in one sequence (joint)" : "each text separately (siamese)"
    }

    /// The exported model compared with the simplest control, in a sentence.
    private static func versusLinear(_ result: RunResult) -> HTML {
        guard let paired = result.controls[Role.linear.rawValue]?.exportedMinusThis else {
            return ""
        }
        let verdict =
            paired.interval.contains(0) || paired.pValue > 0.05
            ? "which may be chance" : "unlikely to be chance"
        return """
            That is \(Show.points(paired.difference)) percentage points compared with a linear \
            head [95% interval \(Show.points(paired.interval.lower)) to \
            \(Show.points(paired.interval.upper))], \(verdict).
            """
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
