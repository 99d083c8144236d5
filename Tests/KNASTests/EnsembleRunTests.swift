import Encoders
import Export
import Features
import Foundation
import Graphs
import KNAS
import Metrics
import Results
import Selection
import Support
import Tasks
import TestSupport
import Testing
import Training

@Suite("A run whose model averages the seeds", .serialized)
struct EnsembleRunTests {
    private func configuration(_ workspace: Workspace, _ run: String) -> RunConfiguration {
        var configuration = workspace.configuration(run)
        configuration.search.candidates = 6
        configuration.selection.seeds = 3
        configuration.selection.tuning = 0
        configuration.selection.fitsLinearHeads = false
        configuration.selection.averagesSeeds = true
        return configuration
    }

    private func bytes(_ run: URL, _ file: String) throws -> Data {
        try Data(contentsOf: run.appendingPathComponent(file))
    }

    @Test("the model that is loaded gives the numbers of the result, in every way it is used")
    func agreement() throws {
        let workspace = try Workspace()
        defer { workspace.remove() }
        let configuration = configuration(workspace, "run")
        let result = try Pipeline(configuration).run()
        #expect(result.exported.members.map(\.seeds) == [3] && result.exported.perSeed.count == 3)
        #expect(result.exported.test == result.exported.seedsTogether)
        #expect(result.exported.confusion.flatMap { $0 }.reduce(0, +) == result.rows["test"])
        let decoded = try JSONDecoder().decode(
            RunResult.self, from: bytes(configuration.run, "result.json"))
        #expect(
            decoded.exported.members.map(\.seeds) == [3]
                && decoded.exported.test == result.exported.test)

        let url = configuration.run.appendingPathComponent("model")
        let dataset = try Dataset.load(TaskDefinition.load(workspace.task), dataDirectory: nil)
        for (split, expected) in [(Split.test, result.exported.test), (.dev, result.exported.dev)] {
            let metrics = try Evaluation.evaluate(
                modelAt: url, on: dataset, split: split, threads: 2)
            #expect(metrics == expected)
        }
        let inputs = dataset.test.map { TextClassifier.Input($0.text, pair: $0.pair) }
        let answers = try TextClassifier(contentsOf: url, threads: 1).classify(inputs)
        #expect(try TextClassifier(contentsOf: url, threads: 2).classify(inputs) == answers)
        try expectMean(of: url, dataset, answers)
        let correct = zip(answers, dataset.test).filter {
            $0.label == dataset.labels[$1.label].name
        }.count
        #expect(
            abs(Double(correct) / Double(inputs.count) - result.exported.test.accuracy) < 0.03)
        let card = try String(
            contentsOf: url.appendingPathComponent("README.md"), encoding: .utf8)
        #expect(card.contains("3 heads, trained with different seeds"))
        #expect(card.contains("| this model (3 trainings averaged) |"))
        let page = try String(decoding: bytes(configuration.run, "report.html"), as: UTF8.self)
        #expect(HTMLChecker(page).faults.prefix(5) == [])
        #expect(page.contains("probabilities of 3 trainings averaged"))
        #expect(page.contains("selection.averagesSeeds"))
    }

    /// That the answers are the mean of what the members say, each as a model by itself.
    private func expectMean(
        of url: URL, _ dataset: Dataset, _ answers: [TextClassifier.Classification]
    ) throws {
        let model = try ModelDirectory.load(url)
        let encoders = try ModelDirectory.openEncoders(of: model.configuration, at: url)
        let inputs = dataset.test.map { TextClassifier.Input($0.text, pair: $0.pair) }
        var configuration = model.configuration
        configuration.members[0].replicas = 1
        let alone = try model.members[0].replicas.map { parameters in
            try TextClassifier(
                model: Model(
                    configuration: configuration, graph: model.members[0].graph,
                    parameters: parameters),
                encoders: encoders, threads: 1
            ).classify(inputs)
        }
        for (row, answer) in answers.enumerated() {
            for place in answer.probabilities.indices {
                let mean = alone.reduce(0) { $0 + $1[row].probabilities[place] } / 3
                #expect(abs(answer.probabilities[place] - mean) < 1e-6)
            }
            #expect(abs(answer.probabilities.reduce(0, +) - 1) < 1e-5)
            // Bit for bit what the heads that were trained give together.
            let logits = Ensemble.logits(
                [.init(weight: 1, replicas: alone.map { $0[row].logits })], classes: 2)
            #expect(answer.logits == logits)
        }
    }

    @Test("a finished run that is resumed with the option has the bytes of one that had it before")
    func resume() throws {
        let workspace = try Workspace()
        defer { workspace.remove() }
        let whole = configuration(workspace, "whole")
        _ = try Pipeline(whole).run()
        var later = configuration(workspace, "later")
        later.selection.averagesSeeds = false
        let plain = try Pipeline(later).run()
        #expect(plain.exported.members.map(\.seeds) == [1])
        #expect(plain.exported.test != plain.exported.seedsTogether)
        let single = try bytes(later.run, "model/config.json")
        #expect(String(decoding: single, as: UTF8.self).contains("\"replicas\" : 1"))
        later.selection.averagesSeeds = true
        later.mode = .resume
        _ = try Pipeline(later).run()
        for file in ["leaderboard.csv", "model/config.json", "model/head.safetensors"] {
            #expect(try bytes(later.run, file) == bytes(whole.run, file))
        }
        // And back again.
        later.selection.averagesSeeds = false
        let again = try Pipeline(later).run()
        #expect(again.exported.test == plain.exported.test)
        #expect(try bytes(later.run, "model/config.json") == single)
    }

    @Test("one seed, or an exact fit, is a model like any other")
    func ofOne() throws {
        let workspace = try Workspace(pairs: false)
        defer { workspace.remove() }
        var configuration = configuration(workspace, "one")
        configuration.selection.seeds = 1
        let one = try Pipeline(configuration).run()
        #expect(one.exported.members.map(\.seeds) == [1])
        // The toy task is so easy that the linear head wins or the search does; either is sound.
        configuration = self.configuration(workspace, "exact")
        configuration.selection.fitsLinearHeads = true
        let exact = try Pipeline(configuration).run()
        let isExact = exact.exported.role == .bestLinear
        #expect(exact.exported.members.map(\.seeds) == [isExact ? 1 : 3])
        for (run, result) in [("one", one), ("exact", exact)] {
            let url = workspace.directory.appendingPathComponent("\(run)/model")
            let members = try ModelDirectory.load(url).members
            #expect(members.map(\.replicas.count) == result.exported.members.map(\.seeds))
            let dataset = try Dataset.load(
                TaskDefinition.load(workspace.task), dataDirectory: nil)
            let metrics = try Evaluation.evaluate(
                modelAt: url, on: dataset, split: .test, threads: 1)
            #expect(metrics == result.exported.test)
        }
    }

    @Test("seeds that fine-tuned an encoder each cannot be averaged: a usage error")
    func unfreeze() throws {
        let workspace = try Workspace()
        defer { workspace.remove() }
        var configuration = configuration(workspace, "run")
        configuration.fineTuning = FineTuneOptions(.all)
        let error = #expect(throws: BadOption.self) { try Pipeline(configuration).run() }
        #expect(error?.kind == .usage && error?.description.contains("--unfreeze") == true)
        #expect(!FileManager.default.fileExists(atPath: configuration.run.path))
    }
}
