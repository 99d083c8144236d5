import Encoders
import Export
import Features
import Foundation
import KNAS
import Results
import Selection
import Support
import Tasks
import TestSupport
import Testing
import Training

@Suite("A run that fine-tunes", .serialized)
struct FineTuneRunTests {
    private func configuration(
        _ workspace: Workspace, _ run: String, _ depth: FineTuneOptions.Depth = .all
    ) -> RunConfiguration {
        var configuration = workspace.configuration(run)
        configuration.search.candidates = 8
        configuration.selection.seeds = 2
        configuration.input.layers = .numbers([1, 2])
        var options = FineTuneOptions(depth)
        options.training.epochs = 2
        options.training.microBatchTokens = 64
        options.seeds = 2
        configuration.fineTuning = options
        return configuration
    }

    /// Who answers in a run.
    enum Answer: Sendable {
        /// A head that was given, fine-tuned.
        case given
        /// Heads on the frozen encoder and a fine-tuned one.
        case together
    }

    @Test(
        "its model gives the numbers of the result, as an overlay and with the whole encoder",
        arguments: [
            (Answer.given, Pairing.joint, false), (.given, .siamese, true),
            (.together, .joint, true), (.together, .siamese, false),
        ])
    func wholeRun(_ answer: Answer, _ pairing: Pairing, _ isStandalone: Bool) throws {
        let workspace = try Workspace()
        defer { workspace.remove() }
        var configuration = configuration(workspace, "run")
        configuration.input.pairings = pairing == .joint ? .joint : .siamese
        configuration.fineTuning?.isStandalone = isStandalone
        if answer == .given {
            configuration.head =
                "projection(width=full) > pool-max > \(pairing == .siamese ? "pair > " : "")"
                + "classifier(hidden=0)"
        } else {
            // However little it adds.
            configuration.fineTuning?.leastGain = -100
        }
        let result = try Pipeline(configuration).run()
        switch answer {
        case .given: try expectGiven(result)
        case .together: try expectTogether(result)
        }
        let exported = result.exported
        for compared in [result.single] + Array(result.controls.values) {
            let difference = exported.test.accuracy - compared.test.accuracy
            let found = try #require(compared.exportedMinusThis)
            #expect(abs(found.difference - difference) < 1e-9)
        }
        #expect(FineTuneCheckpoint.find(inRun: configuration.run).isEmpty)
        let decoded = try JSONDecoder().decode(
            RunResult.self,
            from: Data(contentsOf: configuration.run.appendingPathComponent("result.json")))
        #expect(decoded.exported.test == exported.test)
        let page = try String(
            contentsOf: configuration.run.appendingPathComponent("report.html"), encoding: .utf8)
        #expect(HTMLChecker(page).faults.prefix(5) == [])
        #expect(page.contains("exported: \(exported.role.title)"))
        let overview = try RunOverview(configuration.run)
        #expect(overview.testAccuracy == exported.test.accuracy)
        #expect(overview.members?.map(\.genotype) == exported.members.map(\.genotype))

        let url = configuration.run.appendingPathComponent("model")
        try expectCard(url, exported, answer)
        let files = try FileManager.default.contentsOfDirectory(atPath: url.path)
        #expect(files.contains("encoder") == isStandalone)
        #expect(files.contains("encoder.safetensors") == (answer == .given && !isStandalone))
        #expect(files.contains("view-2") == (answer == .together))
        // A model that holds its encoder needs no other.
        if isStandalone { try FileManager.default.removeItem(at: workspace.encoder) }
        let dataset = try Dataset.load(
            TaskDefinition.load(workspace.task), dataDirectory: nil,
            options: Dataset.Options(
                skipBadRows: false, pairing: pairing, maximumTokens: nil))
        for threads in [1, 2] {
            let metrics = try Evaluation.evaluate(
                modelAt: url, on: dataset, split: .test, threads: threads)
            #expect(exported.test == metrics)
        }
        let classifier = try TextClassifier(contentsOf: url, threads: 2)
        let answers = try classifier.classify(
            dataset.test.map { TextClassifier.Input($0.text, pair: $0.pair) })
        let correct = zip(answers, dataset.test).filter {
            $0.label == dataset.labels[$1.label].name
        }.count
        #expect(abs(exported.test.accuracy - Double(correct) / Double(answers.count)) < 0.03)
    }

    private func expectGiven(_ result: RunResult) throws {
        let tuned = result.exported
        #expect(tuned.role == .fineTuned && tuned.trainedLayers?.count == 2)
        #expect(tuned.members.count == 1 && tuned.members[0].seeds == 1)
        #expect(tuned.members[0].chosenFrom == 2)
        #expect(tuned.members[0].genotype == result.single.members[0].genotype)
        let control = try #require(result.controls[Role.fineTunedLinear.rawValue])
        // What is exported is the better one on dev, over both seeds.
        for model in [tuned, control] { #expect(model.heldOut?.count == 20) }
    }

    private func expectTogether(_ result: RunResult) throws {
        let both = result.exported
        #expect(both.role == .fineTunedPortfolio && both.trainedLayers?.count == 2)
        let frozen = try #require(result.controls[Role.portfolio.rawValue])
        let tuned = try [Role.fineTuned, .fineTunedLinear].map {
            try #require(result.controls[$0.rawValue])
        }
        #expect(frozen.trainedLayers == nil && tuned.allSatisfy { $0.trainedLayers != nil })
        #expect(both.members.count == min(8, frozen.members.count + 1))
        let own = both.members.filter { $0.role == .fineTuned || $0.role == .fineTunedLinear }
        #expect(own.count == 1 && own[0].chosenFrom == 2)
        #expect(tuned.contains { $0.role == own[0].role })
        #expect(abs(both.members.reduce(0) { $0 + $1.weight } - 1) < 1e-9)
        let weights = both.members.map(\.weight)
        #expect(weights == weights.sorted(by: >))
        // The frozen heads' shares of what is left are those that they had.
        let first = try #require(both.members.first { $0.role != own[0].role })
        let before = try #require(frozen.members.first { $0.genotype == first.genotype })
        #expect(abs(first.weight / (1 - own[0].weight) - before.weight) < 0.1)
        // On dev, which the fine-tuned head was held out from.
        #expect(both.heldOut?.count == 20)
        #expect(both.members.allSatisfy { $0.adds != nil })
        #expect(both.costFactor > frozen.costFactor)
        // The other fine-tuned head may be the larger one.
        let member = try #require(tuned.first { $0.role == own[0].role })
        #expect(both.parameters > member.parameters)
    }

    private func expectCard(_ url: URL, _ exported: RunResult.Model, _ answer: Answer) throws {
        let model = try ModelDirectory.load(url)
        #expect(model.configuration.members.map(\.genotype) == exported.members.map(\.genotype))
        let card = try String(
            contentsOf: url.appendingPathComponent("README.md"), encoding: .utf8)
        let accuracy = String(format: "%.3f", exported.test.accuracy)
        let what =
            answer == .given
            ? "the best of 2 trainings on dev" : "\(exported.members.count) heads together"
        #expect(card.contains("| this model (\(what)) | \(accuracy) |"))
        if answer == .given {
            #expect(card.contains("`\(exported.members[0].genotype)` beside the linear head `"))
        } else {
            #expect(card.contains("| control: portfolio |"))
            #expect(card.contains("one of them has an encoder of its own, whose layer"))
        }
        let layers = try #require(exported.trainedLayers)
        #expect(
            card.contains(
                layers[0] == layers[1]
                    ? "layer \(layers[0]) was trained with it"
                    : "layers \(layers[0]) to \(layers[1]) were trained with it"))
        // Of a hidden state that nothing was trained below, where there is one.
        let familiar = model.configuration.familiarity
        #expect(familiar == nil || familiar?.view == 0)
        #expect((model.configuration.views[0].fineTuning == nil) == (answer == .together))
    }

    @Test("--max-cost keeps to one pass of the encoder, and one head to answer to one model")
    func limits() throws {
        let workspace = try Workspace()
        defer { workspace.remove() }
        var configuration = configuration(workspace, "run")
        configuration.input.pairings = .joint
        configuration.fineTuning?.leastGain = -100
        // The head that costs more answers.
        configuration.fineTuning?.hasControl = false
        let both = try Pipeline(configuration).run()
        #expect(both.exported.role == .fineTunedPortfolio)
        #expect(both.exported.costFactor > 2)
        // A linear head is within it, a second pass is not.
        let limit = 1.9
        let notes = Notes()
        for isSingle in [false, true] {
            configuration.mode = .resume
            configuration.selection.largestCost = isSingle ? nil : limit
            configuration.selection.exportsSingle = isSingle
            let result = try Pipeline(configuration, note: { notes.add($0) }).run()
            let exported = result.exported
            #expect(exported.role != .fineTunedPortfolio)
            if isSingle {
                #expect(exported.members.count == 1)
                #expect(result.controls[Role.portfolio.rawValue] == nil)
            } else {
                #expect(exported.costFactor <= limit + 0.005)
                #expect(notes.text.contains("more than --max-cost allows"), "\(notes.text)")
            }
        }
    }

    /// What a run says.
    private final class Notes: @unchecked Sendable {
        private let lock = NSLock()
        private var lines: [String] = []
        func add(_ line: String) { lock.withLock { lines.append(line) } }
        var text: String { lock.withLock { lines.joined(separator: "\n") } }
    }

    @Test("a head that the user gave is the model; the linear one needs no linear control")
    func givenHead() throws {
        let workspace = try Workspace()
        defer { workspace.remove() }
        var configuration = configuration(workspace, "other")
        configuration.input.pairings = .joint
        configuration.head = "projection(width=full) > pool-max > classifier(hidden=0)"
        let other = try Pipeline(configuration).run()
        #expect(other.exported.role == .fineTuned && other.single.role == .single)
        #expect(other.exported.members[0].genotype == other.single.members[0].genotype)
        let control = try #require(other.controls[Role.fineTunedLinear.rawValue])
        // What the other one was gated beside.
        configuration.head = control.members[0].genotype
        configuration.run = workspace.directory.appendingPathComponent("linear")
        let linear = try Pipeline(configuration).run()
        #expect(linear.exported.role == .fineTunedLinear)
        #expect(linear.exported.members[0].genotype == configuration.head)
        for role in [Role.fineTuned, .fineTunedLinear, .portfolio] {
            #expect(linear.controls[role.rawValue] == nil)
        }
        #expect(linear.exported.test == control.test)
    }

    @Test("a saved model gives the same logits, bit for bit; a damaged one is refused")
    func reload() throws {
        let workspace = try Workspace()
        defer { workspace.remove() }
        var configuration = configuration(workspace, "run", .top(1))
        configuration.fineTuning?.hasControl = false
        // By itself, as older formats knew it.
        configuration.head =
            "projection(width=full) > pool-mean > pair(kind=all) > classifier(hidden=0)"
        #expect(try Pipeline(configuration).run().exported.trainedLayers?.count == 2)
        let url = configuration.run.appendingPathComponent("model")
        let model = try ModelDirectory.load(url)
        let encoders = try ModelDirectory.openEncoders(of: model.configuration, at: url)
        let again = workspace.directory.appendingPathComponent("again")
        try ModelDirectory.save(model, encoders: encoders, card: "", to: again)
        let whole = workspace.directory.appendingPathComponent("whole")
        try ModelDirectory.save(
            model, encoders: encoders, card: "", includesEncoder: true, to: whole)
        let dataset = try Dataset.load(TaskDefinition.load(workspace.task), dataDirectory: nil)
        func logits(_ url: URL) throws -> [Float] {
            let model = try ModelDirectory.load(url)
            let encoders = try ModelDirectory.openEncoders(of: model.configuration, at: url)
            let cache = workspace.directory.appendingPathComponent(UUID().uuidString)
            let features = try FeatureCache(encoder: encoders[0], directory: cache, threads: 1)
                .features(of: dataset.test, model.configuration.views[0].features)
            let member = model.members[0]
            return try BatchedInference(member.graph, member.replicas[0], threads: 2)
                .outputs(features).array
        }
        let expected = try logits(url)
        #expect(try logits(again) == expected)
        #expect(try logits(whole) == expected)

        // As programs before format 5 described it.
        let old = again.appendingPathComponent("config.json")
        let written = try Data(contentsOf: old)
        var object = try #require(
            JSONSerialization.jsonObject(with: written) as? [String: Any])
        let view = try #require((object["views"] as? [[String: Any]])?.first)
        let head = try #require((object["members"] as? [[String: Any]])?.first)
        for key in ["views", "members", "temperature"] { object[key] = nil }
        object.merge(view) { $1 }
        object["genotype"] = head["genotype"]
        object["formatVersion"] = 3
        try JSONSerialization.data(withJSONObject: object).write(to: old)
        var untempered = model.configuration
        untempered.temperature = 1
        (untempered.conformal, untempered.familiarity) = (nil, nil)
        #expect(try ModelDirectory.load(again).configuration == untempered)
        #expect(try logits(again) == expected)
        try written.write(to: old)

        let weights = again.appendingPathComponent("encoder.safetensors")
        let bytes = try Data(contentsOf: weights)
        try bytes.prefix(bytes.count - 8).write(to: weights)
        let error = #expect(throws: (any Error).self) { try ModelDirectory.load(again) }
        #expect((error as? any DiagnosedError)?.kind == .badInput)
        try FileManager.default.removeItem(at: weights)
        #expect(throws: (any Error).self) { try ModelDirectory.load(again) }
    }

    @Test("a run that was stopped during fine-tuning resumes from its checkpoint")
    func resume() throws {
        let workspace = try Workspace()
        defer { workspace.remove() }
        func together(_ run: String) -> RunConfiguration {
            var result = configuration(workspace, run)
            result.fineTuning?.leastGain = -100
            return result
        }
        let whole = try Pipeline(together("whole")).run()
        var stopped = together("stopped")
        #expect(throws: Interrupted.self) {
            // 60 rows, 32 a step: the fifth step is the second seed's first.
            try Pipeline(
                stopped,
                progress: {
                    $0.stage == "fine-tuning winner" && $0.completed == 5 ? .stop : .more
                }
            ).run()
        }
        #expect(FineTuneCheckpoint.find(inRun: stopped.run).count == 1)
        stopped.mode = .resume
        // It may end with the seed that is trained, and go on afterwards.
        var ended = stopped
        ended.finishes = true
        let early = try Pipeline(
            ended, progress: { $0.stage.hasPrefix("fine-tuning") ? .stop : .more }
        ).run()
        #expect(early.exported.role == .fineTunedPortfolio)
        #expect(early.controls[Role.fineTunedLinear.rawValue] == nil)
        let resumed = try Pipeline(stopped).run()
        #expect(resumed.exported.test == whole.exported.test)
        // Its answer stays where nothing more is trained.
        #expect(try Pipeline(ended).run().exported.test == resumed.exported.test)
        #expect(resumed.exported.temperature == whole.exported.temperature)
        #expect(resumed.controls.mapValues(\.test) == whole.controls.mapValues(\.test))
        let models = ["stopped", "whole"].map {
            workspace.directory.appendingPathComponent("\($0)/model")
        }
        let files = try models.map {
            try FileManager.default.subpathsOfDirectory(atPath: $0.path).sorted()
        }
        #expect(files[0] == files[1] && files[0].contains("view-2/encoder.safetensors"))
        for file in files[0] where !file.hasSuffix("view-2") {
            let bytes = try models.map { try Data(contentsOf: $0.appendingPathComponent(file)) }
            #expect(bytes[0] == bytes[1], "\(file)")
        }
    }

    @Test("more layers than exist cannot be unfrozen")
    func tooMany() throws {
        let workspace = try Workspace()
        defer { workspace.remove() }
        #expect(throws: EncoderError.self) {
            try Pipeline(configuration(workspace, "run", .top(3))).run()
        }
    }
}
