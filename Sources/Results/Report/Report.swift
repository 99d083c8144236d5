import Foundation
import Support

/// `report.html`: the results of a run, for people; one file that needs nothing else and loads
/// nothing.
package enum Report {
    /// The page.
    package static func html(_ content: ReportContent) -> String {
        let result = content.result
        let sections = [
            OverviewSection.html(content), PortfolioSection.html(content),
            ControlsSection.html(content), LayersSection.html(content),
            FunnelSection.html(content), TrainedHeadsSection.html(content),
            LeaderboardSection.html(content), ArchitectureSection.html(content),
            LearningCurveSection.html(content), ConfusionSection.html(content),
            CalibrationSection.html(content), MistakesSection.html(content),
            CostSection.html(content),
        ]
        let page: HTML = """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="\(policy)">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>\(result.task): a search by knas</title>
            <style>\(HTML(trusted: ReportStyle.css))</style>
            </head>
            <body>
            <header>
            <p class="kicker">Search report</p>
            <h1><bdi>\(result.task)</bdi></h1>
            <nav aria-label="Sections">
            \(navigation)
            </nav>
            </header>
            <main>
            \(sections)
            </main>
            <footer><p>Made by knas \(result.version). Numbers for machines are in \
            <code>result.json</code> and <code>leaderboard.csv</code> next to this file.</p></footer>
            <script>\(HTML(trusted: ReportScript.source))</script>
            </body>
            </html>

            """
        return page.source
    }

    /// Sections by the id of their heading.
    package static let sections = [
        ("overview", "In short"), ("portfolio", "Heads"), ("controls", "Controls"),
        ("layers", "Layers"), ("funnel", "Funnel"), ("trained", "Trained heads"),
        ("leaderboard", "Leaderboard"), ("architecture", "Architecture"),
        ("learning", "Learning curves"), ("confusion", "Confusion"),
        ("calibration", "Calibration"), ("mistakes", "Mistakes"), ("cost", "Cost"),
    ]

    private static var navigation: HTML {
        let items: [HTML] = sections.map { "<li><a href=\"#\($0.0)\">\($0.1)</a></li>" }
        return "<ul>\(items)</ul>"
    }

    /// Nothing is loaded, and the only script that runs is the page's own: if a text ever got past
    /// the escaping, the browser would still not run it.
    private static var policy: String {
        var checksum = Checksum()
        checksum.add(Data(ReportScript.source.utf8))
        return "default-src 'none'; style-src 'unsafe-inline'; "
            + "script-src 'sha256-\(Data(checksum.bytes).base64EncodedString())'"
    }
}
