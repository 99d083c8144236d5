import Export
import Foundation
import KNAS
import Results
import RunStore
import Selection
import Support
import Tasks
import TestSupport
import Testing

@Suite("A run with several views", .serialized)
struct ViewsRunTests {
    /// Two encoders, and for pairs both pairings.
    private func configuration(
        _ workspace: Workspace, _ run: String, threads: Int = 2
    ) throws -> RunConfiguration {
        let other = workspace.directory.appendingPathComponent("other/encoder")
        if !FileManager.default.fileExists(atPath: other.path) {
            try TinyEncoder.write(to: other, layout: .prefixedRoBERTa)
        }
        var result = workspace.configuration(run, threads: threads)
        result.input.encoders = [workspace.encoder.path, other.path]
        result.input.pairings = .both
        result.selection.funnel = 12
        result.selection.keep = 4
        result.selection.epochs = 2
        return result
    }

    private static let files = ["leaderboard.csv", "model/head.safetensors", "model/config.json"]

    private func bytes(_ configuration: RunConfiguration) throws -> [Data] {
        try Self.files.map {
            try Data(contentsOf: configuration.run.appendingPathComponent($0))
        }
    }

    @Test("heads of all views are scored and trained; threads, stops and parts change no byte")
    func wholeRun() throws {
        let workspace = try Workspace(wrong: 4)
        defer { workspace.remove() }
        let one = try configuration(workspace, "one", threads: 1)
        let result = try Pipeline(one).run()

        let views = [
            "encoder/siamese", "encoder/joint", "encoder-2/siamese", "encoder-2/joint",
        ]
        #expect(result.encoders.map(\.pairing) == ["siamese", "joint", "siamese", "joint"])
        #expect(result.encoders.map(\.name) == one.input.encoders.flatMap { [$0, $0] })
        #expect(Set(result.encoders.map(\.digest)).count == 2)
        func view(_ genotype: Substring) -> String { String(genotype.prefix { $0 != ":" }) }
        let expected = try bytes(one)
        let rows = String(decoding: expected[0], as: UTF8.self).split(separator: "\n").dropFirst()
        #expect(rows.count == 40 && rows.allSatisfy { !$0.contains("failed") })
        let scored = rows.map { view($0.split(separator: "\"")[1]) }
        #expect(Set(scored) == Set(views))
        let trained = Set(result.entries.map { view($0.genotype[...]) })
        #expect(trained.count > 1 && trained.isSubset(of: views))
        // Every entry names the encoder of its view.
        for entry in result.entries {
            let isFirst = view(entry.genotype[...]).hasPrefix("encoder/")
            #expect(entry.encoder == one.input.encoders[isFirst ? 0 : 1])
        }
        for member in result.exported.members {
            #expect(view(member.genotype[...]).hasSuffix("/\(member.pairing)"))
        }

        // The model has the views that its heads read, and no names for them.
        let model = one.run.appendingPathComponent("model")
        #expect(!String(decoding: expected[2], as: UTF8.self).contains(": layer("))
        let used = Set(result.exported.members.map { view($0.genotype[...]) })
        let saved = try ModelDirectory.load(model).configuration
        #expect(saved.views.count == used.count && used.count > 1)
        #expect(saved.members.map(\.weight) == result.exported.members.map(\.weight))
        let dataset = try Dataset.load(TaskDefinition.load(workspace.task), dataDirectory: nil)
        for threads in [1, 2] {
            let metrics = try Evaluation.evaluate(
                modelAt: model, on: dataset, split: .test, threads: threads)
            #expect(metrics == result.exported.test)
        }
        let answers = try TextClassifier(contentsOf: model).classify([.init("a", pair: "b")])
        #expect(answers.count == 1)

        let two = try configuration(workspace, "two")
        let again = try Pipeline(two).run()
        #expect(try bytes(two) == expected)
        #expect(again.exported.test == result.exported.test)

        try resumed(workspace, expected)
        try inParts(workspace, expected)
    }

    /// Stops in the middle of the search and of the trainings, then goes on.
    private func resumed(_ workspace: Workspace, _ expected: [Data]) throws {
        var stopped = try configuration(workspace, "stopped")
        stopped.mode = .resume
        for stage in [
            "scoring", "contestants, round 1", "contestants, round 2", "contestants",
            "linear heads",
        ] {
            let reports = Reports()
            #expect(throws: Interrupted.self) {
                try Pipeline(
                    stopped,
                    progress: { $0.stage == stage && reports.isAfter(3) ? .stop : .more }
                ).run()
            }
        }
        _ = try Pipeline(stopped).run()
        #expect(try bytes(stopped) == expected)
        // Other encoders or pairings make another run.
        for change in [
            { (input: inout InputConfiguration) in input.pairings = .joint },
            { (input: inout InputConfiguration) in input.encoders.removeLast() },
        ] {
            var other = stopped
            change(&other.input)
            #expect(throws: RunStoreError.self) { try Pipeline(other).run() }
        }
    }

    private final class Reports: @unchecked Sendable {
        private let lock = NSLock()
        private var count = 0
        func isAfter(_ limit: Int) -> Bool {
            lock.withLock {
                count += 1
                return count > limit
            }
        }
    }

    private func inParts(_ workspace: Workspace, _ expected: [Data]) throws {
        var parts = try configuration(workspace, "parts")
        #expect(try Pipeline(parts).plan().candidates == 40)
        let list = parts.run.appendingPathComponent("candidates.tsv")
        let elsewhere = try configuration(workspace, "elsewhere")
        let files = ["score", "train"].map { workspace.directory.appendingPathComponent($0) }
        _ = try Pipeline(elsewhere).score(list, shard: .whole, to: files[0])
        let head = try String(contentsOf: list, encoding: .utf8)
            .split(separator: "\n")[1].split(separator: "\t")[1]
        try Pipeline(elsewhere).train(String(head), heldOut: 1, to: files[1])
        let merged = try Pipeline.merge(files, into: parts.run)
        #expect(merged.candidates == 40 && merged.trainings == 1)
        parts.mode = .resume
        _ = try Pipeline(parts).run()
        #expect(try bytes(parts) == expected)
    }

    @Test("a limit on what answering costs is kept; a second view is paid for")
    func cost() throws {
        let workspace = try Workspace(wrong: 4)
        defer { workspace.remove() }
        var configuration = try configuration(workspace, "run")
        let free = try Pipeline(configuration).run().exported
        configuration.mode = .resume
        var counts: [Int] = []
        for share in [0.3, 0.6, 0.9] {
            let limit = max(1, share * free.costFactor)
            configuration.selection.largestCost = limit
            let result = try Pipeline(configuration).run().exported
            #expect(result.members.count == 1 || result.costFactor <= limit + 0.005)
            counts.append(result.members.count)
        }
        #expect(counts.allSatisfy { $0 <= free.members.count }, "\(counts)")
        configuration.selection.largestCost = free.costFactor
        let same = try Pipeline(configuration).run().exported
        #expect(same.members.map(\.genotype) == free.members.map(\.genotype))
        #expect(same.test == free.test && same.costFactor == free.costFactor)
    }

    @Test("single texts have views of encoders alone; both pairings are refused there")
    func singleTexts() throws {
        let workspace = try Workspace(pairs: false, wrong: 7)
        defer { workspace.remove() }
        var configuration = try configuration(workspace, "run")
        #expect(throws: BadOption.self) { try Pipeline(configuration).plan() }
        configuration.input.pairings = .task
        _ = try Pipeline(configuration).plan()
        let list = try String(
            contentsOf: configuration.run.appendingPathComponent("candidates.tsv"), encoding: .utf8)
        #expect(list.contains("\tencoder: layer(") && list.contains("\tencoder-2: layer("))
    }

    @Test("choices that do not go together are refused before anything is read")
    func refusals() throws {
        let workspace = try Workspace(wrong: 4)
        defer { workspace.remove() }
        let good = try configuration(workspace, "run")
        var tuned = good
        tuned.fineTuning = FineTuneOptions(.all)
        var twice = good
        twice.input.encoders += [workspace.encoder.path]
        var none = good
        none.input.encoders = []
        var layers = good
        layers.input.layers = .numbers([3])
        var head = good
        head.head = "projection(width=full) > pool-mean > classifier"
        head.search.candidates = 1
        head.selection.keep = 1
        for configuration in [tuned, twice, none, layers, head] {
            let error = #expect(throws: (any Error).self) { try Pipeline(configuration).run() }
            #expect((error as? any DiagnosedError)?.kind == .usage, "\(String(describing: error))")
        }
    }
}
