import Foundation
import TestSupport
import Testing

@Suite("knas audit", .serialized)
struct AuditCommandTests {
    private struct Answer: Decodable {
        struct Row: Decodable {
            struct Finding: Decodable {
                let rank: Int
                let score: Double
                let likely: String
                let probabilities: [Double]
                let kernelProbabilities: [Double]
            }
            let split: String
            let file: String
            let line: Int
            let label: String
            let finding: Finding?
        }
        struct Labels: Decodable { let likelyWrong: Int, order: [Int] }
        let classes: [String]
        let encoders: [String]
        let labels: Labels?
        let rows: [Row]
    }

    @Test("the worst rows are shown with file and line, all of them are written as CSV and JSON")
    func outputs() throws {
        let workspace = try Workspace(pairs: false, wrong: 7)
        defer { workspace.remove() }
        let done = try Program.run(
            [
                "audit", "toy.yml", "--encoder", "./encoder", "-n", "3", "--output", "audit.csv",
                "--quiet",
            ], in: workspace.directory)
        #expect(done.code == 0 && done.error.isEmpty, "\(done.error)")
        let lines = done.output.split(separator: "\n")
        #expect(lines[0].contains("of 120 labels are likely wrong"))
        // The worst are among the rows that were turned: lines 8, 15, 22 and so on.
        let shown = try #require(lines[2].firstMatch(of: /train\.tsv:(\d+)/))
        #expect((Int(shown.1) ?? 0) % 7 == 1)
        #expect(done.output.contains("classes that are taken for each other"))
        #expect(done.output.contains("exact duplicates: none"))
        let table = try String(
            contentsOf: workspace.directory.appendingPathComponent("audit.csv"), encoding: .utf8)
        #expect(table.hasPrefix("split,file,line,label,likely,score,rank,likely_wrong,"))
        #expect(table.split(separator: "\n").count == 121)

        let json = try Program.run(
            ["audit", "toy.yml", "--encoder", "./encoder", "--json"], in: workspace.directory)
        let answer = try JSONDecoder().decode(Answer.self, from: Data(json.output.utf8))
        let labels = try #require(answer.labels)
        #expect(answer.rows.count == 120 && labels.order.count == 120)
        #expect(answer.classes == ["other", "same"] && answer.encoders == ["./encoder"])
        let worst = answer.rows[labels.order[0]]
        #expect(worst.finding?.rank == 1 && worst.finding?.likely != worst.label)
        #expect(worst.finding?.probabilities.count == 2)
        #expect(worst.finding?.kernelProbabilities.count == 2)
    }

    @Test("duplicates need no encoder; CSV may go to standard output")
    func duplicates() throws {
        let workspace = try Workspace(pairs: true)
        defer { workspace.remove() }
        let done = try Program.run(
            ["audit", "toy.yml", "--no-labels", "--output", "-"], in: workspace.directory)
        #expect(done.code == 0, "\(done.error)")
        #expect(done.output.hasPrefix("split,file,line,label,duplicate_of,near,"))
        #expect(done.output.split(separator: "\n").count == 121)
        #expect(done.error.contains("near-duplicates:"))
        let json = try Program.run(
            ["audit", "toy.yml", "--no-labels", "--json"], in: workspace.directory)
        let answer = try JSONDecoder().decode(Answer.self, from: Data(json.output.utf8))
        #expect(answer.labels == nil && answer.encoders.isEmpty)
        #expect(answer.rows.allSatisfy { $0.finding == nil })
    }

    @Test("what cannot be audited is said with the right code")
    func errors() throws {
        let workspace = try Workspace()
        defer { workspace.remove() }
        for (arguments, code, message) in [
            (["toy.yml", "--similarity", "0.2"], 64, "--similarity is 0.2"),
            (["toy.yml", "--similarity", "nan"], 64, "--similarity is nan"),
            (["toy.yml", "-n=-1"], 64, "-n is -1"),
            (["toy.yml", "--encoder", "./nothing"], 66, "nothing"),
            (["toy.yml", "--no-labels", "--output", "."], 74, "directory"),
        ] as [([String], Int32, String)] {
            let done = try Program.run(["audit"] + arguments, in: workspace.directory)
            #expect(done.code == code && done.error.contains(message), "\(done)")
        }
        try Data("a\tb\ty\nno columns\n".utf8)
            .write(to: workspace.directory.appendingPathComponent("test.tsv"))
        let bad = try Program.run(["audit", "toy.yml", "--no-labels"], in: workspace.directory)
        #expect(bad.code == 65 && bad.error.contains("test.tsv:2"), "\(bad.error)")
    }
}
