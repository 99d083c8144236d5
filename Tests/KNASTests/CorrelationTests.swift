import Foundation
import KNAS
import RunStore
import Scoring
import Selection
import Study
import Support
import TestSupport
import Testing

@Suite("A study of proxies against trained accuracy", .serialized)
struct CorrelationTests {
    private func configuration(
        _ workspace: Workspace, _ run: String, threads: Int = 2
    ) -> CorrelationConfiguration {
        var configuration = CorrelationConfiguration(
            task: workspace.task, directory: workspace.directory.appendingPathComponent(run))
        configuration.input.encoders = [workspace.encoder.path]
        configuration.scoring.examples = 24
        configuration.training.epochs = 2
        configuration.threads = threads
        configuration.heads = 6
        configuration.repeats = 2
        return configuration
    }

    @Test("it reports every proxy, the default vote and the ceiling, whatever the threads")
    func whole() throws {
        let workspace = try Workspace()
        defer { workspace.remove() }
        let one = try CorrelationStudy(configuration(workspace, "one", threads: 1)).run()
        let two = try CorrelationStudy(configuration(workspace, "two")).run()
        #expect(one.heads == 6 && one.failed == 0 && one.folds == 4)
        #expect(
            Set(one.proxies.map(\.name))
                // 24 scoring examples are too few for the released procedure.
                == Set(
                    ProxyRegistry.all.map(\.name)
                        + [ProxyExpression.standard, .learned].map(\.description)
                ).subtracting(["knas-released"]))
        #expect(one.proxies.filter(\.default).count == 1)
        #expect(one.ceiling != nil)
        // 60 rows of train, a quarter of them held out in turn.
        #expect(one.data.trainingRows == 45 && one.data.heldOutRows == 60)
        #expect(one.data.classes == 2 && one.data.views.map(\.encoderLayers) == [2])
        for (a, b) in zip(one.proxies, two.proxies) {
            #expect(a.name == b.name && a.spearman == b.spearman && a.interval == b.interval)
        }
        for file in ["heads.csv", "linear.csv"] {
            #expect(try text(workspace, "one/\(file)") == text(workspace, "two/\(file)"))
        }
    }

    @Test(
        "with the encoder trained, heads have the kernel of the whole model; it resumes, whatever the threads"
    )
    func unfrozen() throws {
        let workspace = try Workspace()
        defer { workspace.remove() }
        func study(_ run: String, threads: Int) -> CorrelationConfiguration {
            var configuration = configuration(workspace, run, threads: threads)
            configuration.repeats = 1
            configuration.heads = 4
            configuration.input.layers = .all
            configuration.fineTuning = FineTuneOptions(.all)
            configuration.fineTuning?.training.epochs = 1
            configuration.fineTuning?.training.microBatchTokens = 64
            return configuration
        }
        let one = try CorrelationStudy(study("one", threads: 1)).run()
        #expect(one.heads == 4 && one.folds == 1)
        let names = Set(one.proxies.map(\.name))
        #expect(
            names.isSuperset(of: [
                "unfrozen-alignment", "unfrozen-regression", "unfrozen-transfer", "unfrozen-trace",
                "frozen-accuracy", "frozen-loss", "random", "parameters",
            ]))
        for head in try table(text(workspace, "one/heads.csv")) {
            #expect(abs(head["unfrozen-alignment"] ?? 2) <= 1)
            #expect((0...1).contains(head["frozen-accuracy"] ?? -1))
            // The last of its training on the frozen encoder, and one epoch with it.
            #expect(head["accuracy_epoch_1"] == head["accuracy"])
        }
        var stopped = study("two", threads: 2)
        #expect(throws: Interrupted.self) {
            try CorrelationStudy(
                stopped,
                progress: { $0.stage == "fine-tuning" && $0.completed >= 2 ? .stop : .more }
            ).run()
        }
        stopped.mode = .resume
        _ = try CorrelationStudy(stopped).run()
        #expect(try text(workspace, "one/heads.csv") == text(workspace, "two/heads.csv"))
        stopped.mode = .overwrite
        stopped.repeats = 2
        #expect(throws: BadOption.self) { try CorrelationStudy(stopped).run() }
    }

    @Test("its tables have every head's learning curve and every layer's linear head")
    func tables() throws {
        let workspace = try Workspace()
        defer { workspace.remove() }
        var configuration = configuration(workspace, "run")
        configuration.repeats = 1
        configuration.input.layers = .all
        _ = try CorrelationStudy(configuration).run()
        let heads = try table(text(workspace, "run/heads.csv"))
        #expect(heads.count == 6)
        for head in heads {
            let curve = (1...2).map { epoch in
                (head["accuracy_epoch_\(epoch)"] ?? -1, head["cross_entropy_epoch_\(epoch)"] ?? -1)
            }
            #expect(curve.allSatisfy { (0...1).contains($0.0) && $0.1 > 0 })
            // A fold counts with its best epoch.
            #expect((head["accuracy"] ?? -1) >= (curve.map(\.0).max() ?? 2) - 1e-12)
            #expect((head["cross_entropy"] ?? -1) > 0)
        }
        let layers = try table(text(workspace, "run/linear.csv"))
        #expect(layers.compactMap { $0["layer"] } == [0, 1, 2])
        for layer in layers {
            #expect((0.5...1).contains(layer["accuracy"] ?? -1))
            #expect((layer["cross_entropy"] ?? -1) > 0)
            #expect((1e-5...1).contains(layer["strength"] ?? -1))
        }
    }

    private func text(_ workspace: Workspace, _ path: String) throws -> String {
        try String(
            contentsOf: workspace.directory.appendingPathComponent(path), encoding: .utf8)
    }

    /// The rows' numbers by column; no cell with a comma is a number here.
    private func table(_ text: String) throws -> [[String: Double]] {
        let lines = text.split(separator: "\n").map { line in
            line.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
                .map { $0.offset % 2 == 0 ? String($0.element) : "text" }.joined()
                .split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        let header = try #require(lines.first)
        return lines.dropFirst().map { line in
            Dictionary(
                zip(header, line).compactMap { name, cell in Double(cell).map { (name, $0) } }
            ) { first, _ in first }
        }
    }

    @Test("a study that is stopped resumes to the same figures; another study is refused")
    func resume() throws {
        let workspace = try Workspace()
        defer { workspace.remove() }
        let whole = try CorrelationStudy(configuration(workspace, "whole")).run()
        var part = configuration(workspace, "part")
        #expect(throws: Interrupted.self) {
            try CorrelationStudy(
                part, progress: { $0.stage == "heads" && $0.completed > 20 ? .stop : .more }
            ).run()
        }
        #expect(throws: RunStoreError.self) { try CorrelationStudy(part).run() }
        part.mode = .resume
        let resumed = try CorrelationStudy(part).run()
        #expect(resumed.proxies.map(\.spearman) == whole.proxies.map(\.spearman))
        // Other scores of the same heads need no training.
        var rescored = part
        rescored.scoring.examples = 16
        let other = try CorrelationStudy(rescored).run()
        #expect(other.accuracies == whole.accuracies)
        #expect(other.proxies.map(\.spearman) != whole.proxies.map(\.spearman))
        part.training.learningRate *= 2
        let error = #expect(throws: RunStoreError.self) { try CorrelationStudy(part).run() }
        #expect(error?.description.contains("training.learningRate") == true)
        // Studies are listed as what they are, and removed like runs.
        let overviews = try RunOverview.all(in: workspace.directory)
        #expect(overviews.map(\.kind) == [.study, .study])
        #expect(overviews.map(\.state) == [.complete, .complete])
        try RunOverview.remove(part.directory)
        #expect(!FileManager.default.fileExists(atPath: part.directory.path))
    }
}
