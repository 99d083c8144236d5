import Foundation

/// The best heads by score.
enum LeaderboardSection {
    static func html(_ content: ReportContent) -> HTML {
        let search = content.result.search
        let names = Set(content.leaderboard.flatMap(\.proxies.keys)).sorted()
        let shown = content.leaderboard.count
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
                + [("Weights", .number), ("Held-out accuracy", .number), ("Head", .text)],
            rows: content.leaderboard.map { row($0, names, content) }, sortedColumn: 0)
        return """
            <section aria-labelledby="leaderboard">
            <h2 id="leaderboard">Leaderboard</h2>
            <p>Heads are ranked by <code>\(search.proxy)</code> without training; a higher score \
            is better\(search.proxy.hasPrefix("vote(") ? " (of a vote: the sum of ranks)" : ""). \
            Each proxy’s mean is shown with its spread over the initialisations (±). Only \
            finalists have an accuracy. <span class="scripted" hidden>Press a column’s name to \
            sort by it, again to reverse the order.</span></p>
            \(shown == 0 ? "<p>No head could be scored.</p>" : table.html)
            </section>
            """
    }

    private static func row(
        _ row: ReportContent.Row, _ names: [String], _ content: ReportContent
    ) -> [Table.Cell] {
        let proxies = names.map { name in
            guard let summary = row.proxies[name] else { return Table.Cell.empty }
            return Table.Cell(
                "\(Show.short(summary.mean)) <small>±\(Show.short(summary.spread))</small>",
                sortKey: "\(summary.mean)")
        }
        let isBest = content.trials.contains {
            $0.isBest && $0.entry.genotype == row.genotype
        }
        let accuracy = row.heldOutAccuracy.map { Table.Cell($0, Show.share($0)) } ?? .empty
        return [Table.Cell(row.place), Table.Cell(row.score, Show.short(row.score))] + proxies
            + [
                Table.Cell(row.parameters), accuracy,
                Table.Cell(
                    "\(isBest ? "<strong>★ best</strong> " as HTML : "")\(genotype(row.genotype))"
                ),
            ]
    }

    /// A genotype that breaks between its operations, and within them after commas.
    static func genotype(_ text: String) -> HTML {
        let parts: [HTML] = text.components(separatedBy: " > ").map { operation in
            let settings: [HTML] = operation.components(separatedBy: ",").map { "\($0)" }
            return HTML(trusted: settings.map(\.source).joined(separator: ",<wbr>"))
        }
        let whole = HTML(trusted: parts.map(\.source).joined(separator: " &gt; "))
        return "<code class=\"genotype\">\(whole)</code>"
    }
}
