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

@Suite("A run whose model is one head, by itself or with all its seeds", .serialized)
struct EnsembleRunTests {
    private func configuration(_ workspace: Workspace, _ run: String) -> RunConfiguration {
        var configuration = workspace.configuration(run)
        configuration.search.candidates = 6
        configuration.selection.fitsLinearHeads = false
        configuration.selection.exportsSingle = true
        configuration.selection.averagesSeeds = true
        return configuration
    }

    private func bytes(_ run: URL, _ file: String) throws -> Data {
        try Data(contentsOf: run.appendingPathComponent(file))
    }

    @Test("the model that is loaded gives the numbers of the result, in every way it is used")
    func agreement() throws {
        let workspace = try Workspace(wrong: 4)
        defer { workspace.remove() }
        let configuration = configuration(workspace, "run")
        let result = try Pipeline(configuration).run()
        #expect(result.exported.role == .single && result.exported.members.map(\.seeds) == [3])
        #expect(result.exported.exportedMinusThis == nil)
        #expect(result.exported.confusion.flatMap { $0 }.reduce(0, +) == result.rows["test"])
        let decoded = try JSONDecoder().decode(
            RunResult.self, from: bytes(configuration.run, "result.json"))
        #expect(
            decoded.exported.members.map(\.seeds) == [3]
                && decoded.exported.test == result.exported.test)

        let url = configuration.run.appendingPathComponent("model")
        let dataset = try Dataset.load(TaskDefinition.load(workspace.task), dataDirectory: nil)
        let metrics = try Evaluation.evaluate(
            modelAt: url, on: dataset, split: .test, threads: 2)
        #expect(metrics == result.exported.test)
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
        #expect(page.contains("mean probabilities of 3 trainings"))
        #expect(page.contains("selection.averagesSeeds"))
    }

    /// That the answers are the mean of what the members say, each as a model by itself.
    private func expectMean(
        of url: URL, _ dataset: Dataset, _ answers: [TextClassifier.Classification]
    ) throws {
        let model = try ModelDirectory.load(url)
        let encoders = try ModelDirectory.openEncoders(of: model.configuration, at: url)
        let inputs = dataset.test.map { TextClassifier.Input($0.text, pair: $0.pair) }
        let temperature = model.configuration.temperature
        var configuration = model.configuration
        configuration.members[0].replicas = 1
        configuration.temperature = 1
        let alone = try model.members[0].replicas.map { parameters in
            try TextClassifier(
                model: Model(
                    configuration: configuration,
                    members: [.init(graph: model.members[0].graph, replicas: [parameters])]),
                encoders: encoders, threads: 1
            ).classify(inputs)
        }
        for (row, answer) in answers.enumerated() {
            // Bit for bit what the heads that were trained give together.
            let logits = Ensemble.logits(
                [.init(weight: 1, replicas: alone.map { $0[row].logits })],
                temperature: temperature, in: .classes(2))
            #expect(answer.logits == logits)
            // A power of the mean is what a temperature makes of it.
            let powers = (0..<2).map { place in
                let mean = alone.reduce(0) { $0 + Double($1[row].probabilities[place]) } / 3
                return pow(mean, 1 / temperature)
            }
            for place in 0..<2 {
                let expected = powers[place] / powers.reduce(0, +)
                #expect(abs(Double(answer.probabilities[place]) - expected) < 1e-5)
            }
        }
    }

    private static let files = ["leaderboard.csv", "model/config.json", "model/head.safetensors"]

    @Test("a finished run gives another model from the same trainings, with the bytes of a new one")
    func resume() throws {
        let workspace = try Workspace(wrong: 4)
        defer { workspace.remove() }
        var later = workspace.configuration("later")
        later.search.candidates = 6
        let portfolio = try Pipeline(later).run()
        #expect(portfolio.exported.role == .portfolio)
        let before = try Self.files.map { try bytes(later.run, $0) }
        let cheap = max(1, 0.6 * portfolio.exported.costFactor)
        let changes: [(String, (inout SelectionConfiguration) -> Void)] = [
            ("single", { $0.exportsSingle = true }),
            ("ensemble", { ($0.exportsSingle, $0.averagesSeeds) = (true, true) }),
            ("two members", { $0.members = 2 }),
            ("cheap", { $0.largestCost = cheap }),
            ("no linear heads", { $0.fitsLinearHeads = false }),
        ]
        for (name, change) in changes {
            var whole = later
            whole.run = workspace.directory.appendingPathComponent(name)
            change(&whole.selection)
            var again = later
            again.mode = .resume
            change(&again.selection)
            let trainings = try RunOverview(later.run).trainings
            let result = try Pipeline(again).run()
            // All that such a model is made of was there, but for seeds of another best head, or of
            // members that there were not before.
            let known = Set(portfolio.exported.members.map(\.genotype))
            if result.single.members[0].genotype == portfolio.single.members[0].genotype,
                known.isSuperset(of: result.exported.members.map(\.genotype))
            {
                #expect(try RunOverview(later.run).trainings == trainings, "\(name)")
            }
            let expected = try Pipeline(whole).run()
            for file in Self.files {
                #expect(try bytes(later.run, file) == bytes(whole.run, file), "\(name): \(file)")
            }
            #expect(result.exported.test == expected.exported.test)
            if name == "two members" {
                #expect((1...2).contains(result.exported.members.count))
            }
            if name == "cheap" {
                let cost = result.exported.costFactor
                #expect(result.exported.members.count == 1 || cost <= cheap + 0.005)
            }
            if name == "no linear heads" {
                #expect(result.exported.members.allSatisfy { $0.role == .contestant })
            }
        }
        // And back again.
        later.mode = .resume
        let again = try Pipeline(later).run()
        #expect(again.exported.test == portfolio.exported.test)
        #expect(try Self.files.map { try bytes(later.run, $0) } == before)
    }

    @Test("one seed, or an exact fit, is a model like any other")
    func ofOne() throws {
        let workspace = try Workspace(pairs: false, wrong: 7)
        defer { workspace.remove() }
        var configuration = configuration(workspace, "one")
        configuration.selection.seeds = 1
        let one = try Pipeline(configuration).run()
        #expect(one.exported.members.map(\.seeds) == [1])
        // The toy task is so easy that a linear head wins or a searched one does; either is sound.
        configuration = self.configuration(workspace, "exact")
        configuration.selection.fitsLinearHeads = true
        let exact = try Pipeline(configuration).run()
        let isExact = exact.exported.members[0].recipe.isDeterministic
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
        let workspace = try Workspace(wrong: 4)
        defer { workspace.remove() }
        var configuration = configuration(workspace, "run")
        configuration.fineTuning = FineTuneOptions(.all)
        let error = #expect(throws: BadOption.self) { try Pipeline(configuration).run() }
        #expect(error?.kind == .usage && error?.description.contains("--unfreeze") == true)
        #expect(!FileManager.default.fileExists(atPath: configuration.run.path))
    }
}
