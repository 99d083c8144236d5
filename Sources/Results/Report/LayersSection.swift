import Metrics
import Selection

/// What each of the encoder's layers says about the task, and which were kept.
enum LayersSection {
    static func html(_ content: ReportContent) -> HTML {
        """
        <section aria-labelledby="layers">
        <h2 id="layers">Layers</h2>
        \(content.result.layers.isEmpty ? chosen(content.result) : probed(content.result))
        </section>
        """
    }

    private static func chosen(_ result: RunResult) -> HTML {
        """
        <p>The layers were given, so none was probed: heads could read \
        \(Show.list(result.encoders.map { Show.layers($0.layers) })).</p>
        """
    }

    private static func probed(_ result: RunResult) -> HTML {
        let findings = result.layers
        // A handful of rows gives no figures.
        guard findings.contains(where: { $0.crossEntropy > 0 }) else {
            return """
                <p>There are too few training rows to probe the layers: the highest were kept, \
                \(kept(findings)).</p>
                """
        }
        return """
            <p>Which layer says most about a task depends on the task. A linear head was fitted \
            exactly on every layer of a sample of the training rows, each time on one half and tried \
            on the other. The layers with the lowest cross entropy were kept for all rows: \
            <strong>\(kept(findings))</strong>. Heads read one of them or a learned mix of all.</p>
            \(figure(findings))
            <details><summary>The numbers in this figure</summary>
            \(table(findings))
            </details>
            """
    }

    /// The kept layers, by view.
    private static func kept(_ findings: [LayerFinding]) -> String {
        Show.list(
            views(findings).map { view in
                let layers = findings.filter { $0.view == view && $0.isKept }.map(\.layer)
                return Show.layers(layers) + (view.map { " of \($0)" } ?? "")
            })
    }

    /// In the order of the run.
    private static func views(_ findings: [LayerFinding]) -> [String?] {
        var names: [String?] = []
        for finding in findings where !names.contains(finding.view) { names.append(finding.view) }
        return names
    }

    /// What is drawn: the accuracy, of numbers the squared error.
    private static func value(_ finding: LayerFinding) -> Double {
        finding.accuracy ?? finding.crossEntropy
    }

    private static func figure(_ findings: [LayerFinding]) -> HTML {
        let hasAccuracy = findings.allSatisfy { $0.accuracy != nil }
        let what = hasAccuracy ? "accuracy" : "squared error (in variances)"
        let layers = findings.map { Double($0.layer) }
        let x = Axis(
            layers, from: 60, to: 620, padding: 0,
            count: max(2, min(12, Int((layers.max() ?? 1) - (layers.min() ?? 0)))))
        let y = Axis(
            findings.map(value), from: 300, to: 40, padding: 0.1,
            limits: hasAccuracy ? 0...1 : 0...Double.greatestFiniteMagnitude)
        let views = views(findings)
        let lines: [HTML] = views.enumerated().map { series, view in
            line(findings.filter { $0.view == view }, series, x, y)
        }
        let legend =
            views.count > 1
            ? " "
                + views.enumerated().map { "\(Mark(series: $0).name)s: \($1 ?? "")" }
                .joined(separator: ", ") + "."
            : ""
        return Figure.svg(
            id: "layers-figure", width: 640, height: 360,
            title: "\(hasAccuracy ? "Accuracy" : "Squared error") of a linear head by layer",
            description: findings.map {
                "\(named($0)): \(Show.share(value($0)))\($0.isKept ? ", kept" : "")"
            }.joined(separator: "; "),
            [Figure.frame(x, y, xName: "layer", yName: "held-out \(what)")] + lines,
            caption: """
                Held-out \(what) of a linear head on each layer; rings mark the layers that were \
                kept.\(legend)
                """)
    }

    private static func line(
        _ findings: [LayerFinding], _ series: Int, _ x: Axis, _ y: Axis
    ) -> HTML {
        let style = "series\(series % 6)"
        let points = findings.map { (x.place(Double($0.layer)), y.place(value($0))) }
        let path = points.enumerated().map { place, point in
            "\(place == 0 ? "M" : "L")\(Figure.at(point.0)) \(Figure.at(point.1))"
        }.joined()
        let marks: [HTML] = zip(findings, points).map { finding, point in
            Mark(series: series).svg(
                point.0, point.1, size: 4, style: style,
                title: "\(named(finding)): \(Show.share(value(finding)))")
                + (finding.isKept ? ring(point) : "")
        }
        return """
            <path class="line \(style)" stroke-dasharray="\(Mark.dash(series: series))" \
            d="\(path)"/>
            \(marks)
            """
    }

    private static func ring(_ point: (Double, Double)) -> HTML {
        """
        <circle class="ring" cx="\(Figure.at(point.0))" cy="\(Figure.at(point.1))" r="9"/>
        """
    }

    private static func named(_ finding: LayerFinding) -> String {
        "\(finding.view.map { "\($0), " } ?? "")layer \(finding.layer)"
    }

    private static func table(_ findings: [LayerFinding]) -> HTML {
        Table(
            id: "layer-rows", caption: "A linear head on each layer, on a sample of train",
            columns: [
                ("Layer", .text), ("Accuracy", .number), ("Cross entropy", .number), ("", .text),
            ],
            rows: findings.map {
                [
                    .init(text: named($0)), $0.accuracy.map { .init($0) } ?? .empty,
                    .init($0.crossEntropy),
                    .init(text: $0.isKept ? "kept" : ""),
                ]
            }
        ).html
    }
}
