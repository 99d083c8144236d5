import Foundation
import Support
import Testing

@testable import Tasks

@Suite("Rows that share a text are on one side")
struct SharedTextTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    /// Pairs of which some share one of their texts, with another case or more white space.
    private static func pairs(_ count: Int, texts: Int, seed: Int) -> [Example] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { row in
            let text = Int.random(in: 0..<texts, using: &generator)
            let spelling = row % 3 == 0 ? "Text  \(text)" : "text \(text)"
            return Example(text: spelling, pair: "other \(row)", label: row % 5 == 0 ? 1 : 0)
        }
    }

    private func load(_ rows: [Example], test: String = "0.2", dev: String = "0.1") throws
        -> Dataset
    {
        let lines = rows.map { "\($0.text)\t\($0.pair ?? "")\tl\($0.label)\n" }
        try workspace.write("a\tb\tlabel\n" + lines.joined(), "train.tsv")
        let pair = rows[0].pair == nil ? "" : "pair: b, "
        return try workspace.load(
            """
            columns: {text: a, \(pair)label: label}
            splits:
              train: train.tsv
              test: {from: train, fraction: \(test)}
              dev: {from: train, fraction: \(dev)}
            """)
    }

    private func texts(_ rows: [Example]) -> Set<String> {
        Set(
            rows.flatMap { [$0.text, $0.pair ?? $0.text] }.map {
                $0.lowercased().split(separator: " ").joined(separator: " ")
            })
    }

    @Test(
        "splits that are carved out have no text in common, keep the classes' shares and lose no row",
        arguments: [1, 2, 3])
    func carved(seed: Int) throws {
        let rows = Self.pairs(400, texts: 250, seed: seed)
        let set = try load(rows)
        let sides = [set.train, set.dev, set.test].map(texts)
        #expect(sides[0].isDisjoint(with: sides[1]))
        #expect(sides[0].isDisjoint(with: sides[2]))
        #expect(sides[1].isDisjoint(with: sides[2]))
        #expect(set.train.count + set.dev.count + set.test.count == 400)
        #expect(set.test.count == 80 && set.dev.count == 40)
        #expect(set.report[.test].labelCounts == [64, 16])
        #expect(try load(rows).test == set.test)
        #expect(
            set.report.notes.contains { $0.hasPrefix("test: rows that share a text were kept") })
    }

    @Test("single texts that repeat stay together, whatever their labels are")
    func single() throws {
        let rows = (0..<120).map { Example(text: "text \($0 / 2)", pair: nil, label: $0 % 2) }
        let set = try load(rows)
        #expect(texts(set.train).isDisjoint(with: texts(set.test)))
        #expect(texts(set.train + set.test).isDisjoint(with: texts(set.dev)))
        #expect(set.test.count == 24 && set.dev.count == 12)
    }

    @Test("where no text is shared, a draw is the one of rows alone, and no digest changes")
    func alone() throws {
        let rows = (0..<200).map { Row(record: $0, example: Example(text: "\($0)", label: $0 % 3)) }
        let key = RandomKey(seed: 4)
        let quotas = [9, 4, 1]
        let drawn = Stratified.draw(
            rows.map { (label: $0.example.label, place: $0.record) }, quotas: quotas,
            caps: [60, 60, 60],
            groups: TextGroups(rows.map(\.example)).of,
            key: key)
        for label in 0..<3 {
            let members = rows.filter { $0.example.label == label }.map { row in
                var generator = key.child(row.record).generator()
                return (generator.next(), row.record)
            }.sorted { $0 < $1 }
            #expect(
                Set(members.prefix(quotas[label]).map(\.1))
                    == Set(rows.indices.filter { drawn[$0] && $0 % 3 == label }))
        }
    }

    @Test("a text that half of the rows have ties none of them; chains do not join everything")
    func giants() throws {
        // One premise in half of the rows.
        let premise = (0..<100).map {
            Example(text: $0 < 50 ? "premise" : "text \($0 / 2)", pair: "pair \($0)", label: $0 % 2)
        }
        let rare = TextGroups(premise)
        #expect(rare.tie == .rareText && !rare.isStrict && rare.largest == 2)
        #expect(rare.of[0] != rare.of[1] && rare.of[50] == rare.of[51])
        // Every row shares its second text with the next one.
        let chain = (0..<100).map {
            Example(text: "text \(($0 + 1) / 2)", pair: "pair \($0 / 2)", label: $0 % 2)
        }
        let first = TextGroups(chain)
        #expect(first.tie == .firstText && first.largest == 2)
        let set = try load(chain)
        #expect(set.test.count == 20)
        #expect(Set(set.test.map(\.text)).isDisjoint(with: set.train.map(\.text)))
        #expect(
            set.report.notes.contains { $0.hasPrefix("warning: rows that share a text") },
            "\(set.report.notes)")
        // Of single texts all that are the same stay together, however many.
        let same = (0..<60).map { Example(text: $0 < 30 ? "ok" : "text \($0)", label: $0 % 2) }
        #expect(TextGroups(same).largest == 30 && TextGroups(same).isStrict)
    }

    @Test("rows that all have one text are divided all the same, and that is said")
    func hopeless() throws {
        let set = try load((0..<40).map { Example(text: "same", label: $0 % 2) })
        #expect(set.test.count == 8 && set.dev.count == 7)
        #expect(
            set.report.notes.contains { $0.contains("no rows stay together") },
            "\(set.report.notes)")
    }

    @Test("a class of two rows with one text keeps them in train, and the rest is drawn as ever")
    func smallClass() throws {
        var rows = (0..<60).map { Example(text: "text \($0)", pair: nil, label: $0 % 2) }
        rows += [Example(text: "twice", label: 2), Example(text: "Twice", label: 2)]
        let set = try load(rows)
        #expect(set.train.count { $0.label == 2 } == 2)
        #expect(texts(set.train).isDisjoint(with: texts(set.test)))
    }
}
