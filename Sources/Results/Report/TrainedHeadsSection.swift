/// How trained heads did: score against accuracy, and accuracy against size.
enum TrainedHeadsSection {
    private static let width = 640.0
    private static let height = 380.0

    static func html(_ content: ReportContent) -> HTML {
        """
        <section aria-labelledby="trained">
        <h2 id="trained">Trained heads</h2>
        \(content.trials.isEmpty ? "<p>No head was trained.</p>" : score(content) + pareto(content))
        \(table(content))
        </section>
        """
    }

    // MARK: Score

    private static func score(_ content: ReportContent) -> HTML {
        let scored = content.trials.filter { $0.score != nil }
        guard scored.count > 1 else {
            return
                "<p>One head was scored and trained: there is nothing to compare scores with.</p>"
        }
        // Heads of the random control that the search did not score are in a strip on the right.
        let unscored = content.trials.filter { $0.score == nil }
        let x = Axis(scored.map { $0.score ?? 0 }, from: 60, to: unscored.isEmpty ? 620 : 510)
        let y = Axis(
            content.trials.map(\.devAccuracy), from: height - 60, to: 40, padding: 0.1,
            limits: 0...1)
        var labels = LabelPlaces(bounds: width)
        let points: [HTML] = content.trials.enumerated().map { index, head in
            let place = head.score.map(x.place) ?? 565
            return point(head, place, y.place(head.devAccuracy), index, &labels)
        }
        let strip: HTML =
            unscored.isEmpty
            ? ""
            : """
            <rect class="strip" x="525" y="40" width="80" height="\(Figure.at(height - 100))"/>
            <text class="tick" x="565" y="\(Figure.at(height - 42))" text-anchor="middle">not \
            scored</text>
            """
        return Figure.svg(
            id: "score-figure", width: width, height: height, title: "Score against dev accuracy",
            description: """
                \(scored.count) trained heads that were scored, and \(unscored.count) random ones \
                that were not; dev accuracy from \(range(content.trials.map(\.devAccuracy))).
                """,
            [
                strip,
                Figure.frame(x, y, xName: "score (higher is better)", yName: "dev accuracy"),
            ] + points,
            caption: """
                Score before training against dev accuracy after the first, short training. \
                \(legend(content)) Numbers are rows of the table below. Finalists are the best by \
                score, so the range of scores is narrow here.
                """)
    }

    private static func range(_ values: [Double]) -> String {
        "\(Show.share(values.min() ?? 0)) to \(Show.share(values.max() ?? 0))"
    }

    // MARK: Pareto front

    private static func pareto(_ content: ReportContent) -> HTML {
        let x = Axis(
            content.trials.map { Double($0.entry.parameters) / 1000 }, from: 60, to: 620,
            limits: 0...Double.greatestFiniteMagnitude)
        let y = Axis(
            content.trials.map(\.heldOutAccuracy), from: height - 60, to: 40, padding: 0.1,
            limits: 0...1)
        var path = ""
        let front = content.result.pareto
        for (index, head) in front.enumerated() {
            let across = Figure.at(x.place(Double(head.parameters) / 1000))
            let down = Figure.at(y.place(head.heldOutAccuracy))
            path += index == 0 ? "M\(across) \(down)" : "H\(across)V\(down)"
        }
        if !path.isEmpty { path += "H\(Figure.at(x.end))" }
        var labels = LabelPlaces(bounds: width)
        let points: [HTML] = content.trials.enumerated().map { index, head in
            point(
                head, x.place(Double(head.entry.parameters) / 1000), y.place(head.heldOutAccuracy),
                index,
                &labels)
        }
        return Figure.svg(
            id: "pareto-figure", width: width, height: height, title: "Accuracy against size",
            description: """
                The Pareto front has \(Show.plural(front.count, "head")): \
                \(front.map { "\(Show.count($0.parameters)) weights with \(Show.share($0.heldOutAccuracy))" }
                    .joined(separator: ", ")).
                """,
            [
                Figure.frame(
                    x, y, xName: "trained weights, thousands", yName: "held-out accuracy"),
                "<path class=\"front\" d=\"\(path)\"/>",
            ] + points,
            caption: """
                Accuracy over the held-out rows that each head was tried on, against its trained \
                weights. \(legend(content)) Heads that dropped out early were tried on fewer rows \
                (column Parts of the table). The stepped line is the Pareto front: heads that no \
                smaller one beats.
                """)
    }

    // MARK: Marks

    private static func mark(_ head: ReportContent.Trial) -> (Mark, String, String) {
        if head.isBest { return (.star, "winner", "best finalist") }
        return head.entry.role == .finalist
            ? (.circle, "one", "finalist") : (.triangle, "open", "random control")
    }

    private static func point(
        _ head: ReportContent.Trial, _ x: Double, _ y: Double, _ index: Int,
        _ labels: inout LabelPlaces
    ) -> HTML {
        let (shape, style, name) = mark(head)
        let label = labels.place(x + 8, y - 7)
        return shape.svg(
            x, y, style: style,
            title: """
                \(index + 1), \(name): dev \(Show.share(head.devAccuracy)), \
                \(Show.count(head.entry.parameters)) weights. \(head.entry.genotype)
                """)
                + """
                <text class="label" x="\(Figure.at(label.x))" \
                y="\(Figure.at(label.y))">\(index + 1)</text>
                """
    }

    private static func legend(_ content: ReportContent) -> HTML {
        var parts = ["★ best finalist", "● finalist"]
        if content.trials.contains(where: { $0.entry.role == .randomFinalist }) {
            parts.append("△ random control")
        }
        return HTML(text: parts.joined(separator: ", ") + ".")
    }

    private static func table(_ content: ReportContent) -> HTML {
        Table(
            id: "trained-heads",
            caption: """
                Trained heads. Dev accuracy is that of the first training; held-out accuracy is \
                over dev and the folds of train that the head was tried on
                """,
            columns: [
                ("No.", .number), ("Kind", .text), ("Place by score", .number),
                ("Dev accuracy", .number), ("Held-out accuracy", .number), ("Parts", .number),
                ("Weights", .number),
                ("Head", .text),
            ],
            rows: content.trials.enumerated().map { index, head in
                [
                    .init(index + 1), .init(text: mark(head).2),
                    head.place.map { Table.Cell($0) } ?? .empty,
                    .init(head.devAccuracy, Show.share(head.devAccuracy)),
                    .init(head.heldOutAccuracy, Show.share(head.heldOutAccuracy)),
                    .init(head.entry.parts),
                    .init(head.entry.parameters),
                    .init(LeaderboardSection.genotype(head.entry.genotype)),
                ]
            }, sortedColumn: 0
        ).html
    }
}

/// Moves labels apart that would overlap.
struct LabelPlaces {
    /// The drawing's width; labels that would leave it go to the left of their point.
    let bounds: Double
    private var taken: [(x: Double, y: Double)] = []

    init(bounds: Double) { self.bounds = bounds }

    /// The position itself or the next free one above or below.
    mutating func place(_ x: Double, _ y: Double) -> (x: Double, y: Double) {
        let start = x > bounds - 18 ? x - 32 : x
        var best = (x: start, y: y)
        for step in 0..<16 {
            let shift = Double((step + 1) / 2) * 12 * (step % 2 == 0 ? 1 : -1)
            best = (x: start, y: y + shift)
            let isFree = taken.allSatisfy { abs($0.x - best.x) > 16 || abs($0.y - best.y) > 11 }
            if isFree { break }
        }
        taken.append(best)
        return best
    }
}
