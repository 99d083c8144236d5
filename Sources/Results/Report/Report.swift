import Foundation
import Metrics
import Support

/// `report.html`: the results of a run, for people; one file that needs nothing else and loads
/// nothing.
package enum Report {
    /// The page.
    package static func html(_ content: ReportContent) -> String {
        let result = content.result
        let kind = result.target ?? .oneClass
        let sections =
            [
                OverviewSection.html(content), PortfolioSection.html(content),
                ControlsSection.html(content), LayersSection.html(content),
                FunnelSection.html(content), TrainedHeadsSection.html(content),
                LeaderboardSection.html(content), ArchitectureSection.html(content),
                LearningCurveSection.html(content),
            ] + Self.answers(content, kind) + [CostSection.html(content)]
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
            \(navigation(kind))
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

    /// The sections about the answers on test, which depend on what is answered.
    private static func answers(_ content: ReportContent, _ kind: TargetKind) -> [HTML] {
        switch kind {
        case .oneClass:
            [
                ConfusionSection.html(content), CalibrationSection.html(content),
                MistakesSection.html(content),
            ]
        case .labels:
            [
                LabelsSection.html(content), CalibrationSection.html(content),
                RowsSection.html(content),
            ]
        case .number: [NumbersSection.html(content), RowsSection.html(content)]
        }
    }

    /// The sections of a page, by the id of their heading.
    package static func sections(_ kind: TargetKind) -> [(String, String)] {
        switch kind {
        case .oneClass: sections
        case .labels: sections.map { $0.0 == "confusion" ? ("labels", "Labels") : $0 }
        case .number:
            sections.filter { $0.0 != "calibration" }
                .map { $0.0 == "confusion" ? ("numbers", "Numbers") : $0 }
        }
    }

    private static func navigation(_ kind: TargetKind) -> HTML {
        let items: [HTML] = sections(kind).map { "<li><a href=\"#\($0.0)\">\($0.1)</a></li>" }
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
