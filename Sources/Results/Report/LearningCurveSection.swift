import Training

/// How the exported head's trainings went, epoch by epoch.
enum LearningCurveSection {
    private static let width = 640.0
    private static let height = 320.0
    /// Most trainings that are drawn: more lines could not be distinguished.
    private static let drawnSeeds = 6

    static func html(_ content: ReportContent) -> HTML {
        let exported = content.result.exported
        return """
            <section aria-labelledby="learning">
            <h2 id="learning">Learning curves</h2>
            \(curves(exported.perSeed, id: "curves", name: exported.role.title))
            </section>
            """
    }

    private static func curves(
        _ seeds: [RunResult.SeedResult], id: String, name: String
    ) -> HTML {
        let shown = Array(seeds.prefix(drawnSeeds))
        return figure(
            shown, of: seeds.count, id: "\(id)-loss", name: name, what: "dev cross entropy (nats)",
            limits: 0...Double.greatestFiniteMagnitude
        ) { $0.devCrossEntropy }
            + figure(
                shown, of: seeds.count, id: "\(id)-accuracy", name: name, what: "dev accuracy",
                limits: 0...1
            ) { $0.devAccuracy }
            + "<details><summary>The numbers in these figures</summary>\(table(seeds, id: id, name: name))</details>"
    }

    private static func figure(
        _ seeds: [RunResult.SeedResult], of total: Int, id: String, name: String, what: String,
        limits: ClosedRange<Double>, _ value: (EpochRecord) -> Double
    ) -> HTML {
        let records = seeds.flatMap(\.history)
        let epochs = max(2, records.map(\.epoch).max() ?? 2)
        let x = Axis(
            [1, Double(epochs)], from: 60, to: width - 20, padding: 0, count: min(10, epochs - 1))
        let y = Axis(records.map(value), from: height - 60, to: 40, limits: limits)
        let lines: [HTML] = seeds.enumerated().map { series, seed in
            line(seed, series, x, y, value)
        }
        let final = seeds.compactMap { seed in
            seed.history.first { $0.epoch == seed.bestEpoch }.map(value)
        }
        let legend = seeds.indices.map {
            "seed \(seeds[$0].seed): \(Mark(series: $0).name)s"
        }.joined(separator: ", ")
        return Figure.svg(
            id: id, width: width, height: height, title: "\(what), \(name)",
            description: """
                \(what) by epoch of \(Show.plural(seeds.count, "training")); at the best epochs \
                \(final.map(Show.share).joined(separator: ", ")).
                """,
            [Figure.frame(x, y, xName: "epoch", yName: what)] + lines,
            caption: """
                \(what.prefix(1).uppercased() + what.dropFirst()) by epoch, \(name); \(legend). A \
                ring marks the epoch whose weights were \
                kept.\(total > seeds.count ? " The first \(seeds.count) of \(total) trainings are drawn." : "")
                """)
    }

    private static func line(
        _ seed: RunResult.SeedResult, _ series: Int, _ x: Axis, _ y: Axis,
        _ value: (EpochRecord) -> Double
    ) -> HTML {
        let style = "series\(series % 6)"
        let points = seed.history.map { (x.place(Double($0.epoch)), y.place(value($0))) }
        let path = points.enumerated().map { index, point in
            "\(index == 0 ? "M" : "L")\(Figure.at(point.0)) \(Figure.at(point.1))"
        }.joined()
        let marks: [HTML] = zip(seed.history, points).map { record, point in
            Mark(series: series).svg(
                point.0, point.1, size: 4, style: style,
                title: "seed \(seed.seed), epoch \(record.epoch): \(Show.share(value(record)))")
        }
        let rings: [HTML] = zip(seed.history, points).compactMap { record, point in
            guard record.epoch == seed.bestEpoch else { return nil }
            return """
                <circle class="ring" cx="\(Figure.at(point.0))" cy="\(Figure.at(point.1))" r="9"/>
                """
        }
        return """
            <path class="line \(style)" stroke-dasharray="\(Mark.dash(series: series))" \
            d="\(path)"/>
            \(marks)\(rings)
            """
    }

    private static func table(
        _ seeds: [RunResult.SeedResult], id: String, name: String
    ) -> HTML {
        Table(
            id: "\(id)-table", caption: "Epochs of \(name)",
            columns: [
                ("Seed", .number), ("Epoch", .number), ("Training loss", .number),
                ("Dev cross entropy", .number), ("Dev accuracy", .number), ("", .text),
            ],
            rows: seeds.flatMap { seed in
                seed.history.map { record in
                    [
                        .init(seed.seed), .init(record.epoch),
                        .init(record.trainingLoss, Show.share(record.trainingLoss)),
                        .init(record.devCrossEntropy, Show.share(record.devCrossEntropy)),
                        .init(record.devAccuracy, Show.share(record.devAccuracy)),
                        .init(text: record.epoch == seed.bestEpoch ? "kept" : ""),
                    ]
                }
            }
        ).html
    }
}
