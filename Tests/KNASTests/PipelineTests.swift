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
        let configuration = run.workspace.configuration("two", threads: 2)
        let result = try Pipeline(configuration).run()
        for file in ["leaderboard.csv", "model/head.safetensors"] {
            let bytes = try Data(contentsOf: configuration.run.appendingPathComponent(file))
            #expect(try run.bytes(file) == bytes)
        }
        #expect(result.exported.test == run.result.exported.test)
        #expect(
            result.controls.mapValues(\.exportedMinusThis)
                == run.result.controls.mapValues(\.exportedMinusThis))
    }

    @Test("every trained head is an entry, and those with every seed are controls but for one")
    func entries() throws {
        let result = try FinishedRuns.get(pairs: true).result
        #expect(result.search.scored == 40)
        #expect(result.exported.perSeed.count == 2)
        // The search's best head and the best linear head competed; the loser is a control.
        let lost: Role = result.exported.role == .searched ? .bestLinear : .searched
        let controls: [Role] = [.linear, .mlp, .random, lost]
        #expect(Set(result.controls.keys) == Set(controls.map(\.rawValue)))
        #expect(result.entries(.finalist).count == 2 && result.entries(.tuning).count == 4)
        let searched = try #require(result.entries(.searched).first)
        #expect(result.entries(.tuning).contains { $0.recipe == searched.recipe })
        // Both finalists were tried on dev and on a fold of train.
        #expect(result.entries(.finalist).map(\.parts) == [2, 2])
        #expect(result.entries(.finalist).allSatisfy { !$0.scores.isEmpty })
        // Fewer than 2,000 rows: rivals are compared on dev and all four folds.
        #expect(searched.parts == 5 && result.entries(.bestLinear).first?.parts == 5)
        #expect(searched.heldOut?.count == 80)
        #expect(result.exported.seedsTogether?.count == result.rows["test"])
        #expect(result.exported.members.map(\.seeds) == [1])
    }

    @Test("no smaller head of the Pareto front is as accurate as a larger one")
    func front() throws {
        let front = try FinishedRuns.get(pairs: true).result.pareto
        #expect(!front.isEmpty)
        #expect(
            zip(front, front.dropFirst()).allSatisfy {
                $0.parameters < $1.parameters && $0.heldOutAccuracy < $1.heldOutAccuracy
            })
    }

    @Test("the leaderboard has a finalist's accuracy on dev and on all held-out rows")
    func leaderboard() throws {
        let run = try FinishedRuns.get(pairs: true)
        let lines = try run.text("leaderboard.csv").split(separator: "\n")
        #expect(lines.count == 41)
        #expect(lines[0].hasSuffix(",rank,status,held_out_accuracy,dev_accuracy"))
        let trained = lines.filter { $0.contains(",trained,") }
        #expect(trained.count == 2)
        for finalist in run.result.entries(.finalist) {
            let ending =
                ",trained,\(finalist.heldOut?.accuracy ?? -1),\(finalist.dev?.accuracy ?? -1)"
            #expect(
                trained.contains {
                    $0.contains("\"\(finalist.genotype)\"") && $0.hasSuffix(ending)
                },
                "\(ending)")
        }
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
        "the model is one of the seeds and gives its figures exactly, whatever the threads",
        arguments: [true, false])
    func model(_ pairs: Bool) throws {
        let run = try FinishedRuns.get(pairs: pairs)
        let dataset = try Dataset.load(TaskDefinition.load(run.workspace.task), dataDirectory: nil)
        let metrics = try Evaluation.evaluate(
            modelAt: run.model, on: dataset, split: .test, threads: 2)
        #expect(run.result.exported.modelTest == metrics)

        let classifier = try TextClassifier(contentsOf: run.model, threads: 1)
        let inputs = dataset.test.map { TextClassifier.Input($0.text, pair: $0.pair) }
        let first = try classifier.classify(inputs)
        #expect(first == (try TextClassifier(contentsOf: run.model, threads: 2).classify(inputs)))
        let correct = zip(first, dataset.test).filter {
            $0.label == dataset.labels[$1.label].name
        }.count
        #expect(abs(Double(correct) / Double(inputs.count) - metrics.accuracy) < 0.03)
    }

    @Test("rewording what a control is does not move its interval: roles are the keys")
    func roles() {
        #expect(Set(Role.allCases.map(\.title)).count == Role.allCases.count)
        #expect(
            Role.allCases.map(\.rawValue) == [
                "finalist", "random-finalist", "tuning", "searched", "best-linear", "linear", "mlp",
                "random", "fine-tuned", "fine-tuned-linear",
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
