import Foundation
import Tasks
import Testing

@Suite struct DrawTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    /// 600 rows: 60 % a, 30 % b, 9.5 % c, and 3 of d.
    private static func rows(_ count: Int = 600) -> [(text: String, label: String)] {
        (0..<count).map { index in
            let label =
                switch index * 37 % 200 {
                case 0: "d"
                case 1..<20: "c"
                case 20..<80: "b"
                default: "a"
                }
            return ("row \(index)", label)
        }
    }

    private func load(
        dev: String = "{from: train, fraction: 0.1, seed: 1}", test: String = "test.tsv",
        more: String = "", rows: [(text: String, label: String)] = Self.rows(), extra: String = "",
        options: Dataset.Options = .init()
    ) throws -> Dataset {
        let text = rows.map { "\($0.text)\t\($0.label)\n" }.joined()
        try workspace.write("text\tlabel\n" + text + extra, "train.tsv")
        try workspace.write("text\tlabel\nheld out\ta\n", "test.tsv")
        return try workspace.load(
            """
            columns: {text: text, label: label}
            splits: {train: train.tsv, dev: \(dev), test: \(test)}
            \(more)
            """, options: options)
    }

    @Test("a carve-out is stratified, disjoint from train, and loses no row")
    func stratified() throws {
        let set = try load()
        let whole = zip(set.report[.train].labelCounts, set.report[.dev].labelCounts)
        #expect(whole.map { $0 + $1 } == [360, 180, 57, 3])
        #expect(set.dev.count == 60)
        for (all, drawn) in zip([360, 180, 57, 3], set.report[.dev].labelCounts) {
            #expect(abs(Double(drawn) - Double(all) / 10) <= 1)
            #expect(drawn >= 1)
        }
        #expect(Set(set.train).isDisjoint(with: set.dev))
        #expect(Set(set.train + set.dev).count == 600)
        #expect(set.report[.dev].isCarvedFromTrain && !set.report[.train].isCarvedFromTrain)
        // Rows keep their order.
        let order = set.dev.map { Int($0.text.dropFirst(4))! }
        #expect(order == order.sorted())
    }

    @Test("a carve-out depends on its seed and nothing else")
    func independence() throws {
        let base = try load().dev
        #expect(try load().dev == base)
        for more in [
            "limit: 50", "limit: {rows: 300, seed: 9}", "labels: [a, b, c, d]", "name: other",
            "metrics: [mcc]", "max-tokens: 20", "positive: b",
        ] {
            #expect(try load(more: more).dev == base, "\(more)")
        }
        #expect(try load(options: .init(skipBadRows: true)).dev == base)
        #expect(try load(options: .init(maximumTokens: 9)).dev == base)
        #expect(try load(extra: "bad row\n", options: .init(skipBadRows: true)).dev == base)
        #expect(try load(dev: "{from: train, rows: 60}").dev == base)
        #expect(try load(dev: "{from: train}").dev == base)
        #expect(try load(dev: "{from: train, seed: 2}").dev != base)
    }

    @Test("a bad row changes the draw of no other row")
    func stability() throws {
        // The row breaks, and would have been in train: the others keep their sides.
        let base = try load(dev: "{from: train, rows: 60}")
        let broken = base.train.first { $0.label == 0 }!
        let rows = Self.rows().map { $0.text == broken.text ? ("", $0.label) : $0 }
        let skipped = try load(
            dev: "{from: train, rows: 60}", rows: rows, options: .init(skipBadRows: true))
        #expect(skipped.report[.train].skipped == 1)
        #expect(skipped.dev == base.dev)
    }

    @Test("a limit is stratified, seeded, and keeps a row of every class")
    func limit() throws {
        let set = try load(more: "limit: 54")
        #expect(set.train.count == 54 && set.report[.train].leftOut == 486)
        #expect(set.report[.train].labelCounts.allSatisfy { $0 >= 1 })
        #expect(abs(set.report[.train].labelCounts[0] - 32) <= 1)
        #expect(try load(more: "limit: 54").train == set.train)
        #expect(try load(more: "limit: {rows: 54, seed: 2}").train != set.train)
        #expect(Set(set.train).isSubset(of: try load().train))
        #expect(try load(more: "limit: 4").report[.train].labelCounts == [1, 1, 1, 1])
        #expect(try load(more: "limit: 5000").train == load().train)
        #expect(
            try message { _ = try load(more: "limit: 3") }.contains(
                "a limit of 3 rows is less than one for each of the 4 classes"))
    }

    @Test("test and dev can both be carved out of one file")
    func both() throws {
        let set = try load(test: "{from: train, fraction: 0.2}")
        #expect(set.dev.count == 60 && set.test.count == 120 && set.train.count == 420)
        #expect(Set(set.train + set.dev + set.test).count == 600)
        #expect(set.report[.test].isCarvedFromTrain)
    }

    @Test("every class keeps a training row, and a carve-out that asks for more is an error")
    func tooLarge() throws {
        let set = try load(dev: "{from: train, rows: 596}")
        #expect(set.report[.train].labelCounts == [1, 1, 1, 1])
        #expect(
            try message { _ = try load(dev: "{from: train, rows: 597}") }.contains(
                "cannot carve 597 rows out for dev: at most 596 are available"))
        #expect(
            try message { _ = try load(dev: "{from: train, rows: 9223372036854775807}") }
                .contains("at most 596"))
        let tiny = [("x", "a"), ("y", "b"), ("z", "b")]
        #expect(try load(rows: tiny).dev.map(\.label) == [1])
    }

    @Test("draws of every size have the size asked for")
    func sizes() throws {
        for rows in stride(from: 1, through: 596, by: 35) {
            let set = try load(dev: "{from: train, rows: \(rows)}")
            #expect(set.dev.count == rows && set.train.count == 600 - rows)
            #expect(set.report[.train].labelCounts.allSatisfy { $0 >= 1 })
        }
    }
}
