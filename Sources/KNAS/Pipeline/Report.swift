import Foundation
import Metrics

/// `report.html`: what a run found, for people; one file that needs nothing else.
enum Report {
    static func html(_ result: RunResult) -> String {
        """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>knas: \(escape(result.task))</title>
        <style>
        :root { color-scheme: light dark; }
        body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
        table { border-collapse: collapse; margin: 1rem 0; width: 100%; }
        th, td { border-bottom: 1px solid #8886; padding: .3rem .6rem; text-align: left; vertical-align: top; }
        td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
        code { font-size: .85em; overflow-wrap: anywhere; }
        </style></head><body>
        <h1>\(escape(result.task))</h1>
        <p>\(result.search.scored) heads scored by <code>\(escape(result.search.proxy))</code> on
        <code>\(escape(result.encoder))</code>, layers \(result.layerNames), \(escape(result.pairing));
        \(result.finalists.count) trained; the best trained with \(result.winner.perSeed.count) seeds.</p>
        <h2>Winner</h2>
        <p><code>\(escape(result.winner.genotype))</code>, \(result.winner.parameters) weights.</p>
        \(comparison(result))
        <h2>Finalists</h2>
        \(finalists(result))
        <h2>Confusion on test (exported seed)</h2>
        \(confusion(result))
        <h2>Cost</h2>
        \(cost(result))
        </body></html>
        """
    }

    private static func comparison(_ result: RunResult) -> String {
        var rows = [row("winner, mean of seeds", result.winner.dev, result.winner.test, "")]
        for (name, baseline) in result.baselines.sorted(by: { $0.key < $1.key }) {
            var difference = ""
            if let paired = baseline.winnerMinusThis {
                difference =
                    "\(points(paired.difference)) [\(points(paired.interval.lower)), "
                    + "\(points(paired.interval.upper))], p = \(number(paired.pValue))"
            }
            rows.append(
                row("\(name): \(baseline.description)", baseline.dev, baseline.test, difference))
        }
        return """
            <table><tr><th></th><th class="n">dev accuracy</th><th class="n">test accuracy</th>
            <th class="n">test F1</th><th class="n">test MCC</th>
            <th>exported winner minus this, points [95%], McNemar</th></tr>
            \(rows.joined(separator: "\n"))</table>
            """
    }

    private static func row(
        _ name: String, _ dev: ClassificationMetrics, _ test: ClassificationMetrics,
        _ difference: String
    ) -> String {
        "<tr><td>\(escape(name))</td><td class=\"n\">\(number(dev.accuracy))</td>"
            + "<td class=\"n\">\(number(test.accuracy))</td><td class=\"n\">\(number(test.f1))</td>"
            + "<td class=\"n\">\(number(test.mcc))</td><td>\(escape(difference))</td></tr>"
    }

    private static func finalists(_ result: RunResult) -> String {
        let rows = result.finalists.map { finalist in
            "<tr><td class=\"n\">\(number(finalist.dev.accuracy))</td>"
                + "<td class=\"n\">\(finalist.parameters)</td>"
                + "<td><code>\(escape(finalist.genotype))</code></td></tr>"
        }
        return "<table><tr><th class=\"n\">dev accuracy</th><th class=\"n\">weights</th>"
            + "<th>head</th></tr>\(rows.joined(separator: "\n"))</table>"
    }

    private static func confusion(_ result: RunResult) -> String {
        let head = result.labels.map { "<th class=\"n\">\(escape($0))</th>" }.joined()
        let rows = zip(result.labels, result.winner.confusion).map { label, counts in
            "<tr><th>\(escape(label))</th>"
                + counts.map { "<td class=\"n\">\($0)</td>" }.joined() + "</tr>"
        }
        return "<table><tr><th>is \\ said</th>\(head)</tr>\(rows.joined(separator: "\n"))</table>"
    }

    private static func cost(_ result: RunResult) -> String {
        let stages = result.cost.stages.sorted { $0.value > $1.value }.map {
            "<tr><td>\(escape($0.key))</td><td class=\"n\">\(String(format: "%.1f", $0.value))</td></tr>"
        }
        return
            "<p>\(Int(result.cost.wallSeconds)) s, \(Int(result.cost.cpuSeconds)) s of processor "
            + "time, at most \(result.cost.peakMemoryBytes >> 20) MiB resident.</p>"
            + "<table><tr><th>stage</th><th class=\"n\">seconds</th></tr>"
            + "\(stages.joined(separator: "\n"))</table>"
    }

    private static func number(_ value: Double) -> String { String(format: "%.3f", value) }
    private static func points(_ value: Double) -> String { String(format: "%+.1f", value * 100) }

    private static func escape(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;")
            .replacingOccurrences(of: "<", with: "&lt;")
            .replacingOccurrences(of: ">", with: "&gt;")
            .replacingOccurrences(of: "\"", with: "&quot;")
    }
}
