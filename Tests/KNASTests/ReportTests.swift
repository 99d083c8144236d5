import Foundation
import KNAS
import Metrics
import Results
import Tasks
import TestSupport
import Testing

@Suite("The report", .serialized)
struct ReportTests {
    static let hostileLabel = "</script><img src=x onerror=alert(1)>"
    static let hostileText = "\"'><svg onload=alert(2)> & <\u{338}script>alert(3)</script>"

    /// A run on texts and classes that are markup.
    static func hostileRun(pairs: Bool) throws -> (workspace: Workspace, page: String) {
        let workspace = try Workspace(pairs: pairs)
        for file in ["train.tsv", "test.tsv"] {
            let url = workspace.directory.appendingPathComponent(file)
            let lines = try String(contentsOf: url, encoding: .utf8).split(separator: "\n")
            var rows = [String(lines[0])]
            for (index, line) in lines.dropFirst().enumerated() {
                // Every fifth label is wrong, so that there are mistakes to show.
                let isSame = line.hasSuffix("same") != (index % 5 == 4)
                let fields = line.split(separator: "\t").dropLast().map { "\($0)" + hostileText }
                rows.append((fields + [isSame ? hostileLabel : "other"]).joined(separator: "\t"))
            }
            try (rows.joined(separator: "\n") + "\n").write(
                to: url, atomically: true, encoding: .utf8)
        }
        _ = try Pipeline(workspace.configuration("run")).run()
        let page = try String(
            contentsOf: workspace.directory.appendingPathComponent("run/report.html"),
            encoding: .utf8)
        return (workspace, page)
    }

    @Test(
        "is well-formed, complete and shows hostile texts as texts", arguments: [true, false])
    func hostile(_ pairs: Bool) throws {
        let (workspace, page) = try Self.hostileRun(pairs: pairs)
        defer { workspace.remove() }
        let checker = HTMLChecker(page)
        #expect(checker.faults.prefix(5) == [])
        for (id, _) in Report.sections { #expect(checker.ids.contains(id), "no section \(id)") }
        #expect(checker.elements["section"] == Report.sections.count)
        // No element or attribute of the hostile texts came to life.
        #expect(checker.elements["script"] == 1)
        #expect(checker.elements["img"] == nil)
        #expect(checker.attributes.keys.allSatisfy { !$0.hasPrefix("on") })
        #expect(page.contains("&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;"))
        // Words of mistakes have shades.
        let unshaded = page.replacing(/<span class="word [^>]*>([^<]*)<\/span>/) { $0.1 }
        #expect(pairs || unshaded != page)
        #expect(
            unshaded.contains("&quot;&#39;&gt;&lt;svg onload=alert(2)&gt; &amp; &lt;\u{338}script"))
        // A table has a caption, a drawing a title and a description.
        #expect(checker.elements["caption"] == checker.elements["table"])
        #expect(checker.elements["desc"] == checker.elements["svg"])
        #expect(checker.elements["h1"] == 1)
        #expect(page.contains("<html lang=\"en\">"))
        #expect(!page.contains("http://") && !page.contains("https://"))
        #expect(page.contains("<code>selection.training.epochChoice</code>"))
        #expect(page.contains("<code>fineTuning</code>"))
    }

    @Test("the checker finds open tags, bare attributes, twice-used ids and dead references")
    func checker() {
        #expect(HTMLChecker("<p><b>x</p></b>").faults.count >= 1)
        #expect(HTMLChecker("<p>").faults == ["<p> is not closed"])
        #expect(HTMLChecker("<p id=a></p>").faults.count >= 1)
        #expect(HTMLChecker("<p id=\"a\"></p><p id=\"a\"></p>").faults.count == 1)
        #expect(HTMLChecker("<a href=\"#b\"></a>").faults == ["nothing has the id b"])
        #expect(HTMLChecker("1 < 2").faults.count == 1)
    }

    @Test("markup escapes every text that is put into it, by code points")
    func escaping() {
        let text = "<\u{338}&\"'>\u{0}\u{85}\u{1B}\n"
        let piece: HTML = "<b title=\"\(text)\">\(text)</b>"
        let shown = "&lt;\u{338}&amp;&quot;&#39;&gt;\u{FFFD}\u{FFFD}\u{FFFD}\n"
        #expect(
            Array(piece.source.unicodeScalars)
                == Array("<b title=\"\(shown)\">\(shown)</b>".unicodeScalars))
        let nested: HTML = "<i>\([piece, piece])</i>"
        #expect(nested.source == "<i>\(piece.source)\n\(piece.source)</i>")
    }

    @Test("mistakes come with the most confident first, and not more than wanted")
    func mistakes() throws {
        let predictions = try Predictions(
            labels: [0, 1, 0, 1],
            probabilities: [[0.4, 0.6], [0.2, 0.8], [0.1, 0.9], [0.7, 0.3]])
        let examples = ["a", "b", "c", "d"].enumerated().map {
            Example(text: $0.element, label: predictions.labels[$0.offset])
        }
        let test = TestPredictions(predictions, examples: examples, labels: ["x", "y"])
        let mistakes = test.mistakes(limit: 2)
        #expect(mistakes.map(\.example.text) == ["c", "d"])
        #expect(mistakes.map(\.predicted) == [1, 0])
        #expect(abs(mistakes[0].confidence - 0.9) < 1e-6)
        #expect(abs(mistakes[0].probabilityOfTruth - 0.1) < 1e-6)
        #expect(test.mistakes(limit: 50).count == 3)
    }
}
