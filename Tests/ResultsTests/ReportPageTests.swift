import Foundation
import Metrics
import Selection
import TestSupport
import Testing

@testable import Results

@Suite("The page of a result")
struct ReportPageTests {
    /// The words of a page's main part, without markup and line breaks.
    private struct Words: CustomTestStringConvertible {
        let text: String
        /// A failed test does not show the whole page.
        var testDescription: String { "\(text.prefix(300)) …" }

        init(_ page: String) {
            let main = page.components(separatedBy: "<main>").last ?? ""
            let body = main.components(separatedBy: "</main>")[0]
            // A cell's end is not a space between words.
            let cells = body.replacing(/<\/t[dh]>/, with: " | ")
            text = cells.replacing(/<[^>]*>/, with: " ").replacing(/\s+/, with: " ")
        }

        func contains(_ words: String) -> Bool { text.contains(words) }
        func hasPrefix(_ words: String) -> Bool { text.hasPrefix(words) }
    }

    private static let full: [Role: Double] = [
        .linear: 0.55, .mlp: 0.4, .linearPortfolio: 0.6, .random: 0.6, .randomFunnel: 0.79,
    ]

    static let scenes: [(String, ReportScene)] = [
        ("portfolio", ReportScene()), ("full", ReportScene(controls: full)),
        ("f1", ReportScene(metrics: [.f1, .mcc], controls: full)),
        ("mcc", ReportScene(metrics: [.mcc, .accuracy])),
        ("single", ReportScene(role: .single)),
        ("one member", ReportScene(members: 1, hasLayers: false)),
        ("given", ReportScene(role: .single, candidates: 1, hasLayers: false)),
        (
            "fine-tuned",
            ReportScene(controls: [.linear: 0.5, .fineTunedLinear: 0.7], role: .fineTuned)
        ),
        ("no controls", ReportScene(controls: [:], role: .single)),
    ]

    @Test("is well-formed and complete whatever was exported", arguments: scenes.map(\.0))
    func wellFormed(_ name: String) throws {
        let scene = try #require(Self.scenes.first { $0.0 == name }).1
        let page = try scene.page()
        if let folder = ProcessInfo.processInfo.environment["KNAS_PAGES"] {
            try page.write(toFile: "\(folder)/\(name).html", atomically: true, encoding: .utf8)
        }
        let checker = HTMLChecker(page)
        #expect(checker.faults.prefix(5) == [])
        for (id, _) in Report.sections { #expect(checker.ids.contains(id), "no section \(id)") }
        #expect(checker.elements["section"] == Report.sections.count)
        #expect(checker.elements["caption"] == checker.elements["table"])
        #expect(checker.elements["desc"] == checker.elements["svg"])
        let words = Words(page)
        for mistake in ["1 epochs", "1 heads", "1 rows", "1 trainings", " nan", "inf "] {
            #expect(!words.contains(" \(mistake)"), "\(mistake)")
        }
        for old in ["finalist", "Finalist", "winner", "Winner"] {
            #expect(!words.contains(old), "\(old)")
        }
    }

    @Test("shows hostile classes and texts as texts")
    func hostile() throws {
        let label = "</script><img src=x onerror=alert(1)>"
        let page = try ReportScene(
            labels: [label, "no", "later"], text: "\"'><svg onload=alert(2)> & <\u{338}script>"
        ).page()
        let checker = HTMLChecker(page)
        #expect(checker.faults.prefix(5) == [])
        #expect(checker.elements["script"] == 1 && checker.elements["img"] == nil)
        #expect(checker.attributes.keys.allSatisfy { !$0.hasPrefix("on") })
    }

    @Test("shades the words of mistakes by what they add, as texts, whatever they are")
    func shadedWords() throws {
        var scene = ReportScene(text: "<b>no & e\u{301}te\u{301}</b> anon")
        func word(_ start: Int, _ count: Int, _ value: Double) -> ReportContent.ShadedWord {
            ReportContent.ShadedWord(segment: 0, start: start, count: count, contribution: value)
        }
        let plain = try scene.content()
        let row = try #require(plain.test.mistakes(limit: 1).first).row
        #expect(!Report.html(plain).contains("Shaded words"))
        scene.shaded[row] = [
            word(0, 5, 2), word(6, 1, 0.01), word(8, 7, -1), word(16, 4, .nan), word(90, 3, 1),
        ]
        let page = try scene.page()
        #expect(HTMLChecker(page).faults.prefix(5) == [])
        #expect(page.contains("Shaded words, of 1 row:"))
        #expect(
            page.contains(
                """
                <span class="word for4" title="+2.000">&lt;b&gt;no</span> &amp; \
                <span class="word against2" title="-1.000">e\u{301}te\u{301}&lt;/b&gt;</span>
                """))
        #expect(
            page.components(separatedBy: "anon").count
                == Report.html(plain).components(separatedBy: "anon").count)
        // A long text ends where others end, between two words.
        scene.text = Array(repeating: "abcdefghi", count: 100).joined(separator: " ")
        scene.shaded[row] = (0..<100).map { word($0 * 10, 9, 1) }
        let long = try scene.page()
        #expect(HTMLChecker(long).faults.prefix(5) == [])
        #expect(long.components(separatedBy: "word for4\" title=\"+1.000").count == 61)
    }

    @Test("says first what was got, what it beats, and that the controls cannot tell about scoring")
    func quick() throws {
        let words = Words(try ReportScene().page())
        #expect(
            words.contains("A portfolio of 3 heads that answer together, 7 trained heads in all."))
        #expect(words.contains("It does better than the linear head by"))
        #expect(words.contains("of 160 test rows"))
        #expect(words.contains("Whether that was worth it, this run cannot say: --controls full"))
    }

    @Test("says whether scoring was worth its seconds, and when the rows cannot tell")
    func worth() throws {
        func worth(_ controls: [Role: Double]) throws -> Words {
            Words(
                "<main>"
                    + Answers.worth(try ReportScene(controls: controls).content().result).source)
        }
        let undecided = try worth([.random: 0.3, .randomFunnel: 0.79])
        #expect(
            undecided.hasPrefix("These test rows do not show that scoring was worth its 12.0 s"))
        #expect(undecided.contains("the search as a whole was worth its time"))
        let good = try worth([.random: 0.79, .randomFunnel: 0.3])
        #expect(good.hasPrefix("Scoring was worth its 12.0 s: the same search without scores has"))
        #expect(good.contains(" points less [") && good.contains(" less to "))
        #expect(good.contains("these test rows cannot tell it from the search"))
        let bad = try worth([.random: 1, .randomFunnel: 1])
        #expect(bad.hasPrefix("Scoring did harm") && bad.contains(" points more ["))
        #expect(bad.contains("does better"))
        let given = try ReportScene(role: .single, candidates: 1).content().result
        #expect(Answers.worth(given).source == "One head was given: nothing was searched.")
    }

    @Test("shows figures and differences in the metric that decides, and accuracy beside them")
    func otherMetric() throws {
        let content = try ReportScene(metrics: [.f1]).content()
        let page = Report.html(content)
        let words = Words(page)
        #expect(words.contains("Its F1 of no is \(Show.share(content.result.exported.test.f1!))"))
        #expect(words.contains("it is right on"))
        for text in [
            "Exported minus this, points of F1", "Points of accuracy", "Held-out F1",
            "Held-out accuracy", "dev F1",
        ] {
            #expect(words.contains(text), "\(text)")
        }
        let metric = content.result.controls.values.compactMap(\.exportedMinusThis?.metric)
        #expect(metric.allSatisfy { $0 == .f1 })
    }

    @Test("names the class of F1, and says of a result at chance that it is")
    func positiveAndChance() throws {
        var content = try ReportScene(metrics: [.f1, .accuracy]).content()
        content.result.positive = "<no>"
        #expect(content.result.chance == nil)
        #expect(Report.html(content).contains("Its F1 of &lt;no&gt; is"))
        #expect(!Report.html(content).contains("at chance"))
        content.result.exported.test.mcc = 0.1
        let chance = try #require(content.result.chance)
        #expect(chance.contains("on 160 test rows") && chance.contains("(MCC 0.10"))
        #expect(Report.html(content).contains("the exported model is at chance"))
    }

    @Test("counts how many heads went how far")
    func funnel() throws {
        let page = Words(try ReportScene().page())
        #expect(page.contains("Proposed | 40 | drawn from the space by random"))
        #expect(page.contains("Began to be trained | 12 | the best by score"))
        #expect(page.contains("Went on to round 2 | 9 | the best by accuracy"))
        #expect(page.contains("Contestants | 6 | trained to the end"))
    }

    @Test("of one given head says that there is nothing to compare or to save")
    func given() throws {
        let page = Words(try ReportScene(role: .single, candidates: 1).page())
        #expect(page.contains("nothing to compare scores with"))
        #expect(page.contains("nothing to save"))
    }
}
