import Metrics
import Selection

/// All heads that were trained, and how good they are for their size.
enum TrainedHeadsSection {
    private static let width = 640.0
    private static let height = 380.0

    static func html(_ content: ReportContent) -> HTML {
        """
        <section aria-labelledby="trained">
        <h2 id="trained">Trained heads</h2>
        \(pareto(content))
        \(table(content))
        </section>
        """
    }

    // MARK: Pareto front

    private static func pareto(_ content: ReportContent) -> HTML {
        let (metric, front) = (content.result.metrics[0], content.result.pareto)
        let heads = content.trained.filter {
            [.contestant, .randomContestant].contains($0.entry.role) && $0.entry.heldOut != nil
        }
        guard heads.count > 1 else { return "" }
        func size(_ parameters: Int) -> Double { Double(parameters) / 1000 }
        let values = heads.map { $0.entry.heldOut?.value(of: metric) ?? 0 }
        let x = Axis(
            heads.map { size($0.entry.parameters) }, from: 60, to: 620,
            limits: 0...Double.greatestFiniteMagnitude)
        let y = Axis(
            values, from: height - 60, to: 40, padding: 0.1,
            limits: metric.limits)
        var path = ""
        for (index, head) in front.enumerated() {
            let across = Figure.at(x.place(size(head.parameters)))
            let down = Figure.at(y.place(head.heldOut.value(of: metric)))
            path += index == 0 ? "M\(across) \(down)" : "H\(across)V\(down)"
        }
        if !path.isEmpty { path += "H\(Figure.at(x.end))" }
        var labels = LabelPlaces(bounds: width)
        let points: [HTML] = zip(heads, values).map { head, value in
            point(head, value, x.place(size(head.entry.parameters)), y.place(value), &labels)
        }
        let hasRandom = heads.contains { $0.entry.role == .randomContestant }
        return Figure.svg(
            id: "pareto-figure", width: width, height: height,
            title: "Held-out \(content.result.title(of: metric)) against size",
            description: """
                The Pareto front has \(Show.plural(front.count, "head")): \
                \(front.map {
                    "\(Show.count($0.parameters)) weights with \(Show.share($0.heldOut.value(of: metric)))"
                }.joined(separator: ", ")).
                """,
            [
                Figure.frame(
                    x, y, xName: "trained weights, thousands",
                    yName: "held-out \(content.result.title(of: metric))"),
                "<path class=\"front\" d=\"\(path)\"/>",
            ] + points,
            caption: """
                \(sentence(content.result.title(of: metric))) over the held-out rows of heads that were trained to \
                the end, against their trained weights. ★ member of the exported model, with its \
                number, ● contestant\(hasRandom ? ", △ random head" : ""). The stepped line is the \
                Pareto front: heads that no smaller one beats.
                """)
    }

    private static func sentence(_ text: String) -> String {
        text.prefix(1).uppercased() + text.dropFirst()
    }

    private static func point(
        _ head: ReportContent.Trained, _ value: Double, _ x: Double, _ y: Double,
        _ labels: inout LabelPlaces
    ) -> HTML {
        let title =
            "\(head.entry.role.title): \(Show.share(value)), "
            + "\(Show.count(head.entry.parameters)) weights. \(head.entry.genotype)"
        guard let member = head.member else {
            return head.entry.role == .contestant
                ? Mark.circle.svg(x, y, style: "one", title: title)
                : Mark.triangle.svg(x, y, style: "open", title: title)
        }
        let label = labels.place(x + 8, y - 7)
        return Mark.star.svg(x, y, style: "member", title: title)
            + """
            <text class="label" x="\(Figure.at(label.x))" y="\(Figure.at(label.y))">\(member)</text>
            """
    }

    // MARK: Table

    private static func table(_ content: ReportContent) -> HTML {
        let metric = content.result.metrics[0]
        let hasAccuracy = content.result.showsAccuracy
        var columns: [(name: String, kind: Table.Kind)] = [
            ("No.", .number), ("Kind", .text), ("Rank by score", .number),
            ("Dev \(content.result.title(of: metric))", .number),
            ("Held-out \(content.result.title(of: metric))", .number),
        ]
        if hasAccuracy { columns.append(("Held-out accuracy", .number)) }
        columns += [
            ("Parts", .number), ("Epochs", .number), ("Weights", .number), ("Head", .text),
        ]
        return Table(
            id: "trained-heads",
            caption: """
                Every trained head. Figures are those when its training ended, for a head that left \
                the funnel after few epochs; held-out figures are over all parts of the rows that it \
                was tried on, fewer for such a head
                """,
            columns: columns,
            rows: content.trained.enumerated().map { index, head in
                let entry = head.entry
                let heldOut = entry.heldOut
                let kind =
                    head.member.map { "★\($0) \(entry.role.title)" } ?? entry.role.title
                var row: [Table.Cell] = [
                    .init(index + 1), .init(text: kind), head.place.map { .init($0) } ?? .empty,
                    entry.dev.map { .init($0.value(of: metric)) } ?? .empty,
                    heldOut.map { .init($0.value(of: metric)) } ?? .empty,
                ]
                if hasAccuracy { row.append(heldOut.map { .init($0.accuracy) } ?? .empty) }
                return row + [
                    .init(entry.parts), .init(entry.history.count), .init(entry.parameters),
                    .init(HTML(genotype: entry.genotype)),
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
