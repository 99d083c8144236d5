import Encoders
import Export
import Foundation
import KNAS
import Results
import Selection
import Support
import Tasks
import TestSupport
import Testing
import Training

@Suite("A whole run", .serialized)
struct PipelineTests {
    @Test("threads change neither leaderboard nor weights nor figures", arguments: [true, false])
    func threads(_ pairs: Bool) throws {
        let run = try FinishedRuns.get(pairs: pairs)
        var configuration = run.configuration
        configuration.run = run.workspace.directory.appendingPathComponent("two")
        configuration.threads = 2
        let result = try Pipeline(configuration).run()
        for file in ["leaderboard.csv", "model/head.safetensors", "model/config.json"] {
            let bytes = try Data(contentsOf: configuration.run.appendingPathComponent(file))
            #expect(try run.bytes(file) == bytes)
        }
        #expect(result.exported.test == run.result.exported.test)
        #expect(result.exported.heldOut == run.result.exported.heldOut)
        #expect(
            result.controls.mapValues(\.exportedMinusThis)
                == run.result.controls.mapValues(\.exportedMinusThis))
    }

    @Test("every trained head is an entry; contestants were tried on every held-out row")
    func entries() throws {
        let result = try FinishedRuns.get(pairs: true).result
        #expect(result.search.scored == 40)
        #expect(result.entries(.contestant).count == 2 && result.entries(.tried).count == 4)
        // Fewer than 2,000 rows: dev and all four folds.
        let contestants = result.entries.filter {
            [.contestant, .tried, .linear, .richLinear, .mlp, .randomContestant].contains($0.role)
        }
        #expect(contestants.allSatisfy { $0.parts == 5 && $0.heldOut?.count == 80 })
        // A linear head for each of three layers, the best four of those that compare tokens.
        #expect(result.entries(.linear).count == 3 && result.entries(.richLinear).count == 4)
        #expect(result.entries(.mlp).count == 1)
        // Three of six go on after the first round.
        #expect(result.entries(.tried).map(\.rounds) == [2, 1, 1, 1])
        #expect(result.entries(.tried).allSatisfy { $0.dev?.count == 20 })
        let searched = result.entries(.contestant) + result.entries(.tried)
        #expect(searched.allSatisfy { !$0.scores.isEmpty })
        #expect(Set(searched.map(\.genotype)).count == 6)

        let controls: [Role] = [.linear, .mlp, .linearPortfolio, .random, .randomFunnel]
        #expect(Set(result.controls.keys) == Set(controls.map(\.rawValue)))
        #expect(!result.entries(.randomContestant).isEmpty)
        #expect(result.entries(.funnelContestant).count == 2)
        #expect(result.entries(.funnelTried).count == 4)
        #expect(
            try FinishedRuns.get(pairs: false).result.controls.keys.sorted() == ["linear", "mlp"])
    }

    @Test("a portfolio is exported, with what each head adds and costs", arguments: [true, false])
    func portfolio(_ pairs: Bool) throws {
        let result = try FinishedRuns.get(pairs: pairs).result
        let exported = result.exported
        #expect(exported.role == .portfolio && result.single.role == .single)
        #expect((2...8).contains(exported.members.count))
        #expect(abs(exported.members.reduce(0) { $0 + $1.weight } - 1) < 1e-9)
        for member in exported.members {
            #expect(member.seeds == (member.recipe.isDeterministic ? 1 : 6))
            #expect(member.heldOut?.count == 80 && member.test.count == 40)
            #expect(member.adds != nil)
        }
        #expect(exported.heldOut?.count == 80 && exported.test.count == 40)
        let curve = exported.memberCurve
        #expect(curve.map(\.members) == Array(1...curve.count))
        #expect(curve.count >= exported.members.count)
        #expect(exported.disagreement != nil && exported.exportedMinusThis == nil)
        #expect(exported.costFactor > 1)
        #expect(
            exported.parameters == exported.members.reduce(0) { $0 + $1.seeds * $1.parameters })
        let single = result.single
        #expect(single.members.count == 1 && single.members[0].seeds == 1)
        #expect(single.costFactor > 1 && single.disagreement == nil)
        let found = try #require(single.exportedMinusThis)
        #expect(abs(found.difference - exported.test.accuracy + single.test.accuracy) < 1e-9)
        // All layers were looked at, and an encoder of two layers has no more than are kept.
        #expect(result.layers.map(\.layer) == [0, 1, 2] && result.layers.allSatisfy(\.isKept))
    }

    @Test("no smaller head of the Pareto front is as accurate as a larger one")
    func front() throws {
        let front = try FinishedRuns.get(pairs: true).result.pareto
        #expect(!front.isEmpty)
        #expect(
            zip(front, front.dropFirst()).allSatisfy {
                $0.parameters < $1.parameters && $0.heldOut.accuracy < $1.heldOut.accuracy
            })
    }

    @Test(
        "the leaderboard has a contestant's accuracy on all held-out rows, and on dev of every head"
    )
    func leaderboard() throws {
        let run = try FinishedRuns.get(pairs: true)
        let lines = try run.text("leaderboard.csv").split(separator: "\n")
        #expect(lines.count == 41)
        #expect(lines[0].hasSuffix(",rank,status,held_out_accuracy,dev_accuracy"))
        for (role, count) in [(Role.contestant, 2), (.tried, 4)] {
            let trained = lines.filter { $0.contains(",\(role.rawValue),") }
            #expect(trained.count == count)
            for head in run.result.entries(role) {
                let heldOut = role == .tried ? "" : "\(head.heldOut?.accuracy ?? -1)"
                let ending = ",\(role.rawValue),\(heldOut),\(head.dev?.accuracy ?? -1)"
                #expect(
                    trained.contains {
                        $0.contains("\"\(head.genotype)\"") && $0.hasSuffix(ending)
                    }, "\(ending)")
            }
        }
    }

    @Test("of an encoder with many layers four are kept, and the model reads no other")
    func layers() throws {
        let workspace = try Workspace(pairs: false)
        defer { workspace.remove() }
        try TinyEncoder.write(to: workspace.encoder, layers: 6)
        var configuration = workspace.configuration("run")
        configuration.search.candidates = 6
        configuration.selection.epochs = 1
        let result = try Pipeline(configuration).run()
        #expect(result.layers.map(\.layer) == Array(0...6))
        let kept = result.layers.filter(\.isKept).map(\.layer)
        #expect(kept.count == 4 && result.encoders[0].layers == kept)
        let read = result.entries.filter { $0.role == .linear }.map(\.genotype)
        #expect(read.count == 4)
        let model = configuration.run.appendingPathComponent("model")
        let own = try ModelDirectory.load(model).configuration.views[0].layers
        #expect(
            Set(own).isSubset(of: kept)
                && result.exported.members.flatMap(\.layers).allSatisfy {
                    own.contains($0)
                })
        let dataset = try Dataset.load(TaskDefinition.load(workspace.task), dataDirectory: nil)
        #expect(
            try Evaluation.evaluate(modelAt: model, on: dataset, split: .test, threads: 1)
                == result.exported.test)
        // Who chooses layers has no others looked at.
        configuration.input.layers = .numbers([3, 5])
        configuration.mode = .overwrite
        let chosen = try Pipeline(configuration).run()
        #expect(chosen.layers.isEmpty && chosen.encoders[0].layers == [3, 5])
    }

    @Test("a result is read back as it was; one of another format is a clear error")
    func reading() throws {
        let run = try FinishedRuns.get(pairs: true)
        let url = run.configuration.run.appendingPathComponent("result.json")
        let read = try RunResult.load(url)
        #expect(
            read.exported.members.map(\.genotype) == run.result.exported.members.map(\.genotype))
        #expect(read.entries.map(\.recipe) == run.result.entries.map(\.recipe))
        let old = run.workspace.directory.appendingPathComponent("old.json")
        try Data(#"{"task": "toy", "winner": {}}"#.utf8).write(to: old)
        let error = #expect(throws: RunResultError.self) { try RunResult.load(old) }
        #expect(error == .otherFormat(path: old.path, found: 1))
        #expect(error?.description.contains("--overwrite") == true)
        try Data(#"{"format": 2, "task": 3}"#.utf8).write(to: old)
        let damage = #expect(throws: RunResultError.self) { try RunResult.load(old) }
        #expect(damage?.description.contains("task") == true)
    }

    @Test(
        "the model gives the result's figures exactly, whatever the threads",
        arguments: [true, false])
    func model(_ pairs: Bool) throws {
        let run = try FinishedRuns.get(pairs: pairs)
        let dataset = try Dataset.load(TaskDefinition.load(run.workspace.task), dataDirectory: nil)
        for threads in [1, 2] {
            let metrics = try Evaluation.evaluate(
                modelAt: run.model, on: dataset, split: .test, threads: threads)
            #expect(metrics == run.result.exported.test)
        }

        let classifier = try TextClassifier(contentsOf: run.model, threads: 1)
        let inputs = dataset.test.map { TextClassifier.Input($0.text, pair: $0.pair) }
        let first = try classifier.classify(inputs)
        #expect(first == (try TextClassifier(contentsOf: run.model, threads: 2).classify(inputs)))
        let correct = zip(first, dataset.test).filter {
            $0.label == dataset.labels[$1.label].name
        }.count
        #expect(
            abs(Double(correct) / Double(inputs.count) - run.result.exported.test.accuracy) < 0.03)
    }

    @Test("rewording what a control is does not move its interval: roles are the keys")
    func roles() {
        #expect(Set(Role.allCases.map(\.title)).count == Role.allCases.count)
        #expect(
            Role.allCases.map(\.rawValue) == [
                "contestant", "tried", "tuning", "linear", "rich-linear", "mlp", "single",
                "portfolio",
                "linear-portfolio", "random", "random-contestant", "random-funnel",
                "funnel-contestant", "funnel-tried", "fine-tuned", "fine-tuned-linear",
                "fine-tuned-portfolio",
            ])
    }

    @Test("a model does not run on another encoder, with a missing text, or when it is damaged")
    func brokenModels() throws {
        let workspace = try Workspace()
        defer { workspace.remove() }
        var configuration = workspace.configuration("run")
        configuration.head = "projection(width=64) > pool-mean > pair > classifier"
        configuration.search.candidates = 1
        configuration.selection.keep = 1
        _ = try Pipeline(configuration).run()
        let model = workspace.directory.appendingPathComponent("run/model")
        let classifier = try TextClassifier(contentsOf: model)
        #expect(throws: ModelError.self) { try classifier.classify("one text only") }

        let other = workspace.directory.appendingPathComponent("other")
        try TinyEncoder.write(to: other, layout: .float16)
        #expect(throws: ModelError.self) { try TextClassifier(contentsOf: model, encoder: other) }

        let weights = model.appendingPathComponent("head.safetensors")
        let whole = try Data(contentsOf: weights)
        try whole.prefix(whole.count / 2).write(to: weights)
        let error = #expect(throws: (any Error).self) { try TextClassifier(contentsOf: model) }
        #expect((error as? any DiagnosedError)?.kind == .badInput)
    }

    @Test("a stop leaves no model and throws Interrupted")
    func stop() throws {
        let workspace = try Workspace()
        defer { workspace.remove() }
        #expect(throws: Interrupted.self) {
            try Pipeline(workspace.configuration("run"), progress: { _ in .stop }).run()
        }
        let model = workspace.directory.appendingPathComponent("run/model")
        #expect(!FileManager.default.fileExists(atPath: model.path))
    }
}
