import Foundation
import KNAS
import Scoring
import Support
import Testing

@Suite("A study of proxies against trained accuracy", .serialized)
struct CorrelationTests {
    private func configuration(
        _ workspace: Workspace, _ run: String, threads: Int = 2
    ) -> CorrelationConfiguration {
        var configuration = CorrelationConfiguration(
            run: workspace.configuration(run, threads: threads))
        configuration.run.training.epochs = 2
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
                == Set(ProxyRegistry.all.map(\.name) + [ProxyExpression.standard.description])
                .subtracting(["knas-released"]))
        #expect(one.proxies.filter(\.default).count == 1)
        #expect(one.ceiling != nil)
        for (a, b) in zip(one.proxies, two.proxies) {
            #expect(a.name == b.name && a.spearman == b.spearman && a.interval == b.interval)
        }
        func csv(_ run: String) throws -> Data {
            try Data(contentsOf: workspace.directory.appendingPathComponent("\(run)/heads.csv"))
        }
        #expect(try csv("one") == csv("two"))
    }

    @Test("an interrupted study goes on, with the same figures; another study is refused")
    func resume() throws {
        let workspace = try Workspace()
        defer { workspace.remove() }
        let whole = try CorrelationStudy(configuration(workspace, "whole")).run()
        let journal = workspace.directory.appendingPathComponent("part/heads.jsonl")
        try FileManager.default.createDirectory(
            at: journal.deletingLastPathComponent(), withIntermediateDirectories: true)
        let bytes = try Data(
            contentsOf: workspace.directory.appendingPathComponent("whole/heads.jsonl"))
        // A torn last line, as after a kill.
        try bytes.prefix(bytes.count * 2 / 3).write(to: journal)
        var part = configuration(workspace, "part")
        part.resume = true
        let resumed = try CorrelationStudy(part).run()
        #expect(resumed.proxies.map(\.spearman) == whole.proxies.map(\.spearman))
        part.run.training.learningRate *= 2
        #expect(throws: CorrelationError.self) { try CorrelationStudy(part).run() }
    }
}
