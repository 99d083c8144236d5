import Metrics
import Tasks
import Testing

@Suite("Few rows") struct FewRowsTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    private func load(each: Int, classes: Int, dev: String) throws -> Dataset {
        let rows = (0..<each * classes).map { "row \($0)\tclass \($0 % classes)\n" }.joined()
        try workspace.write("text\tlabel\n" + rows, "train.tsv")
        try workspace.write("text\tlabel\nheld out\tclass 0\n", "test.tsv")
        return try workspace.load(
            """
            columns: {text: text, label: label}
            splits: {train: train.tsv, dev: \(dev), test: test.tsv}
            """)
    }

    @Test(
        "dev of few rows is a fold of them, with a row of each class",
        arguments: [(2, 8, 8), (2, 2, 2), (4, 3, 3), (8, 8, 13), (16, 2, 7), (31, 2, 13)])
    func fold(each: Int, classes: Int, expected: Int) throws {
        let set = try load(each: each, classes: classes, dev: "{from: train, fraction: 0.05}")
        #expect(set.dev.count == expected && set.train.count == each * classes - expected)
        #expect(Set(set.dev.map(\.label)).count == classes)
        #expect(Set(set.train.map(\.label)).count == classes)
        #expect(set.report.notes.contains { $0.hasPrefix("few rows: dev is one of the parts") })
        #expect(set.fewRows?.isEnoughToTrain == (each >= 3))
    }

    @Test("where dev is large enough, or rows are asked for by number, the task is believed")
    func asGiven() throws {
        for (each, dev, expected) in [
            (60, "{from: train, fraction: 0.1}", 12), (20, "{from: train, fraction: 0.5}", 20),
            (20, "{from: train, rows: 3}", 3),
        ] {
            let set = try load(each: each, classes: 2, dev: dev)
            #expect(set.dev.count == expected && set.report.notes.isEmpty)
        }
    }

    @Test("a row of each class is too few, and the error says how many are needed")
    func one() {
        #expect {
            try load(each: 1, classes: 5, dev: "{from: train, fraction: 0.1}")
        } throws: {
            "\($0)".hasSuffix(
                "train.tsv: no class has two rows (there are 5 rows to learn from): expected two at "
                    + "least, one to learn from and one for dev, to try what was learnt")
        }
    }
}
