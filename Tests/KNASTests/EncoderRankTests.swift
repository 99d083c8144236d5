import Foundation
import TestSupport
import Testing

@Suite("knas encoder rank", .serialized)
struct EncoderRankTests {
    private struct Answer: Decodable {
        struct Entry: Decodable {
            struct Layer: Decodable { let layer: Int, accuracy: Double, logME: Double? }
            let encoder: String
            let accuracy: Double
            let interval: [Double]
            let behind: Double
            let behindInterval: [Double]?
            let layer: Int
            let tokensPerSecond: Double
            let bytes: Int
            let width: Int
            let layers: Int
            let findings: [Layer]
        }
        struct Correlation: Decodable { let count: Int, spearman: Double?, kendall: Double? }
        struct Failure: Decodable { let encoder: String, reason: String }
        let rows: Int
        let folds: Int
        let majority: Double
        let encoders: [Entry]
        let failed: [Failure]
        let correlation: Correlation?
        let layerCorrelation: Correlation?
    }

    private func rank(_ arguments: [String], _ workspace: Workspace) throws -> Answer {
        let done = try Program.run(
            ["encoder", "rank", workspace.task.path, "--json"] + arguments,
            in: workspace.directory)
        #expect(done.code == 0, "\(done.error)")
        return try JSONDecoder().decode(Answer.self, from: Data(done.output.utf8))
    }

    @Test("the encoder that says something about the labels is first, with any threads")
    func order() throws {
        let workspace = try Workspace(pairs: false)
        defer { workspace.remove() }
        let silent = workspace.directory.appendingPathComponent("silent")
        try TinyEncoder.write(to: silent, silent: 0..<2)
        let names = ["--encoders", "./silent,./encoder"]
        let answer = try rank(names + ["--threads", "1"], workspace)
        let (first, second) = (answer.encoders[0], answer.encoders[1])
        #expect(answer.encoders.count == 2 && answer.rows == 60 && answer.folds == 4)
        #expect(answer.majority == 0.5 && answer.failed.isEmpty && answer.correlation == nil)
        #expect(first.findings.map(\.layer) == [0, 1, 2] && answer.layerCorrelation?.count == 4)
        #expect(first.accuracy > 0.9 && first.interval[0] <= first.accuracy)
        #expect(first.behind == 0 && first.behindInterval == nil)
        #expect(first.width == TinyEncoder.width && first.layers == 2 && first.bytes > 10_000)
        #expect(first.tokensPerSecond > 0)
        // The embeddings' output says it, the layers above are silent.
        let dumb = try #require(answer.encoders.first { $0.encoder == "./silent" })
        #expect(dumb.layer == 0 && dumb.findings[2].accuracy <= 0.6)
        // Zeros have no evidence.
        #expect(dumb.findings[0].logME != nil && dumb.findings[2].logME == nil)
        #expect(second.behindInterval?.count == 2)
        let again = try rank(names + ["--threads", "3"], workspace)
        #expect(again.encoders.map(\.accuracy) == answer.encoders.map(\.accuracy))
        #expect(again.encoders.map(\.interval) == answer.encoders.map(\.interval))
    }

    @Test("pairs are read too, fewer rows may be asked for, and text shows a line for each encoder")
    func pairs() throws {
        let workspace = try Workspace()
        defer { workspace.remove() }
        let answer = try rank(["--encoders", "./encoder", "--rows", "24"], workspace)
        #expect(answer.rows == 24 && answer.encoders[0].layer >= 0)
        let text = try Program.run(
            [
                "encoder", "rank", workspace.task.path, "--encoders", "./encoder", "--rows", "24",
                "--quiet",
            ], in: workspace.directory)
        #expect(text.code == 0 && text.error.isEmpty, "\(text.error)")
        #expect(text.output.contains("LogME against accuracy over 3 layers"))
        #expect(text.output.contains("16 x 2"))
    }

    @Test("what cannot be ranked is said with the right code")
    func errors() throws {
        let workspace = try Workspace()
        defer { workspace.remove() }
        for (arguments, code, message) in [
            (["--encoders", "./encoder,./encoder"], 64, "each encoder once"),
            (["--encoders", "./nothing"], 66, "nothing"),
            (["--encoders", "./encoder", "--rows", "1"], 64, "--rows is 1"),
            (["--encoders", "./encoder", "--pairing", "both"], 64, "--pairing is both"),
            (["--encoders", ","], 64, "a name"),
        ] as [([String], Int32, String)] {
            let done = try Program.run(
                ["encoder", "rank", workspace.task.path] + arguments, in: workspace.directory)
            #expect(done.code == code && done.error.contains(message), "\(done)")
        }
    }
}
