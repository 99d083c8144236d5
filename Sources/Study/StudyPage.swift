import Foundation
import Metrics
import Results
import Scoring

/// A page with the table of correlations and a plot of each proxy's ranks against accuracy.
enum StudyPage {
    private static let side = 220.0
    private static let margin = 28.0

    static func html(
        _ result: CorrelationResult, _ records: [HeadRecord], _ layers: LayerStandings
    ) -> String {
        let accuracies = records.map { $0.accuracy ?? 0 }
        let heads = records.map { (genotype: $0.genotype, score: $0.score) }
        let plots = result.proxies.compactMap { entry -> HTML? in
            guard entry.spearman != nil, let expression = try? ProxyExpression(entry.name) else {
                return nil
            }
            return plot(entry, expression.combine(heads, layers: layers), accuracies)
        }
        let rows: [HTML] = result.proxies.map { entry in
            """
            <tr\(entry.default ? " class=\"default\"" : "" as HTML)><th scope="row">\(entry.name)\
            \(entry.default ? " (default)" : "")</th><td>\(number(entry.spearman))</td>\
            <td>\(entry.interval.map { $0.map { number($0) }.joined(separator: " to ") } ?? "")\
            </td><td>\(number(entry.kendall))</td><td>\(number(entry.spearmanTrainingLoss))</td>\
            <td>\(number(entry.bestInTopTenth))</td></tr>
            """
        }
        let page: HTML = """
            <!doctype html><html lang="en"><meta charset="utf-8">
            <meta name="viewport" content="width=device-width">
            <title>Proxies against accuracy: \(result.task)</title>
            <style>
            :root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
            body { margin: 2rem auto; max-width: 68rem; padding: 0 1rem; }
            table { border-collapse: collapse; } th { text-align: left; font-weight: normal; }
            th, td { padding: .2rem .8rem .2rem 0; border-bottom: 1px solid #8884; }
            td { font-variant-numeric: tabular-nums; text-align: right; }
            tr.default { font-weight: bold; } tr.default th { font-weight: bold; }
            .plots { display: flex; flex-wrap: wrap; gap: 1rem; } figure { margin: 0; }
            circle { fill: #27c; fill-opacity: .6; } line { stroke: #888; }
            text { font-size: 11px; fill: currentColor; }
            </style>
            <h1>Proxies against accuracy: \(result.task)</h1>
            <p>\(result.heads) heads on \(result.encoder), \(result.epochs) epochs,
            \(result.folds > 1 ? "\(result.folds)-fold cross-validation over train" : "accuracy on dev"),
            \(result.repeats) training\(result.repeats == 1 ? "" : "s") each, seed \("\(result.seed)").
            Accuracies from \(number(result.accuracies.first)) to \(number(result.accuracies.last)).
            \(result.ceiling.map { "Two trainings of the same heads agree with rho \(number($0)), "
                + "which is about what a perfect proxy would reach." } ?? "")</p>
            <table><thead><tr><th>proxy</th><th>Spearman's rho</th><th>95% interval</th>
            <th>Kendall's tau</th><th>rho with training loss</th><th>best in its top tenth</th></tr>
            </thead><tbody>\(rows)</tbody></table>
            <h2>Ranks</h2><div class="plots">\(plots)</div></html>
            """
        return page.source
    }

    private static func plot(
        _ entry: CorrelationResult.Entry, _ values: [Double], _ accuracies: [Double]
    ) -> HTML {
        let ranks = RankStatistics.ranks(values)
        let low = accuracies.min() ?? 0
        let span = max(1e-9, (accuracies.max() ?? 1) - low)
        let points: [HTML] = zip(ranks, accuracies).map { rank, accuracy in
            let x = margin + (rank - 0.5) / Double(values.count) * side
            let y = 8 + (1 - (accuracy - low) / span) * side
            return """
                <circle cx="\(at(x))" cy="\(at(y))" r="3"/>
                """
        }
        let width = side + margin + 8
        let bottom = side + 16
        return """
            <figure><svg width="\(at(width))" height="\(at(bottom + 20))" role="img" \
            aria-label="accuracy against the rank by \(entry.name), rho \(number(entry.spearman))">
            <line x1="\(at(margin))" y1="8" x2="\(at(margin))" y2="\(at(bottom))"/>\
            <line x1="\(at(margin))" y1="\(at(bottom))" x2="\(at(width - 8))" y2="\(at(bottom))"/>
            <text x="0" y="16">\(number(low + span))</text><text x="0" y="\(at(bottom))">\(number(low))</text>
            <text x="\(at(margin))" y="\(at(bottom + 16))">rank by \(entry.name): rho \(number(entry.spearman))</text>
            \(points)</svg></figure>
            """
    }

    private static func at(_ place: Double) -> String { String(format: "%.1f", place) }

    private static func number(_ value: Double?) -> String {
        value.map { String(format: "%.3f", $0) } ?? "none"
    }
}
