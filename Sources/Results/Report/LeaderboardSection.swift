import Foundation
import Metrics
import Selection

/// The best heads by score.
enum LeaderboardSection {
    static func html(_ content: ReportContent) -> HTML {
        let search = content.result.search
        let names = Set(content.leaderboard.flatMap(\.proxies.keys)).sorted()
        let shown = content.leaderboard.count
        let heldOut = metrics(content)
        let titles = heldOut.map { "Held-out \(content.result.title(of: $0))" }
        let table = Table(
            id: "heads",
            caption: """
                \(shown < search.scored ? "The best \(shown) of" : "All") \
                \(Show.plural(search.scored, "scored head")), best first; the file \
                <code>leaderboard.csv</code> has every candidate\
                \(search.failed > 0 ? ", with the reasons of the \(search.failed) that failed" : "")
                """,
            columns: [("Place", .number), ("Score", .number)]
                + names.map { ($0, .number) }
                + [("Weights", .number)] + titles.map { ($0, .number) }
                + [("Training", .text), ("Head", .text)],
            rows: content.leaderboard.map { row($0, names, heldOut) }, sortedColumn: 0)
        return """
            <section aria-labelledby="leaderboard">
            <h2 id="leaderboard">Leaderboard</h2>
            <p>Heads are ranked by <code>\(search.proxy)</code> without training; a higher score \
            is better\(meaning(search.proxy)). \
            Each proxy’s mean is shown with its spread over the initialisations (±). Only \
            contestants have held-out figures. <span class="scripted" hidden>Press a column’s name to \
            sort by it, again to reverse the order.</span></p>
            \(shown == 0 ? "<p>No head could be scored.</p>" : table.html)
            </section>
            """
    }

    /// What a score is, where its name does not say it.
    private static func meaning(_ proxy: String) -> String {
        if proxy.hasPrefix("vote(") { return " (of a vote: the sum of ranks)" }
        return proxy == "learned"
            ? " (proxies, layers and traits, weighted as trained heads of other tasks taught)" : ""
    }

    /// What decides, and accuracy.
    private static func metrics(_ content: ReportContent) -> [Metric] {
        let metric = content.result.metrics[0]
        return metric == .accuracy ? [.accuracy] : [metric, .accuracy]
    }

    private static func row(
        _ row: ReportContent.Row, _ names: [String], _ metrics: [Metric]
    ) -> [Table.Cell] {
        let proxies = names.map { name in
            guard let summary = row.proxies[name] else { return Table.Cell.empty }
            return Table.Cell(
                "\(Show.short(summary.mean)) <small>±\(Show.short(summary.spread))</small>",
                sortKey: "\(summary.mean)")
        }
        // One that left the funnel had fewer epochs and rows.
        let heldOut = row.trained?.entry.role == .contestant ? row.trained?.entry.heldOut : nil
        return [Table.Cell(row.place), Table.Cell(row.score, Show.short(row.score))] + proxies
            + [Table.Cell(row.parameters)]
            + metrics.map { metric in heldOut.map { .init($0.value(of: metric)) } ?? .empty }
            + [
                Table.Cell(text: row.trained.map(training) ?? ""),
                Table.Cell(HTML(genotype: row.genotype)),
            ]
    }

    private static func training(_ head: ReportContent.Trained) -> String {
        if let member = head.member { return "★ member \(member)" }
        return head.entry.rounds > 0 ? "left in round \(head.entry.rounds)" : head.entry.role.title
    }
}
