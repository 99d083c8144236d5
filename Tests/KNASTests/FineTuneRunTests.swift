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
        configuration.fineTuning = options
        return configuration
    }

    @Test(
        "its model gives the numbers of the result, as an overlay and with the whole encoder",
        arguments: [Pairing.joint, .siamese], [false, true])
    func wholeRun(_ pairing: Pairing, _ isStandalone: Bool) throws {
        let workspace = try Workspace()
        defer { workspace.remove() }
        var configuration = configuration(workspace, "run")
        configuration.input.pairings = pairing == .joint ? .joint : .siamese
        configuration.fineTuning?.isStandalone = isStandalone
        let result = try Pipeline(configuration).run()
        let tuned = result.exported
        #expect(tuned.members.count == 1 && tuned.members[0].seeds == 1)
        #expect(tuned.members[0].chosenFrom == 2)
        let isLinear = tuned.role == .fineTunedLinear
        #expect(isLinear || tuned.role == .fineTuned)
        let other: Role = isLinear ? .fineTuned : .fineTunedLinear
        let control = try #require(result.controls[other.rawValue])
        let frozen = result.single
        let genotype = tuned.members[0].genotype
        // What is exported is the better one on dev, over both seeds.
        for model in [tuned, control] { #expect(model.heldOut?.count == 20) }
        if isLinear {
            // As heads are written out, with all settings.
            #expect(genotype.contains("> projection(width=full,activation=none) > pool-mean >"))
            #expect(genotype.contains("> classifier(norm=none,hidden=0,"))
            #expect(control.members[0].genotype == frozen.members[0].genotype)
        }
        for compared in [control, frozen] {
            let difference = tuned.test.accuracy - compared.test.accuracy
            let found = try #require(compared.exportedMinusThis)
            #expect(abs(found.difference - difference) < 1e-9)
        }
        #expect(FineTuneCheckpoint.find(inRun: configuration.run).isEmpty)
        let decoded = try JSONDecoder().decode(
            RunResult.self,
            from: Data(contentsOf: configuration.run.appendingPathComponent("result.json")))
        #expect(decoded.exported.test == tuned.test)
        let page = try String(
            contentsOf: configuration.run.appendingPathComponent("report.html"), encoding: .utf8)
        #expect(HTMLChecker(page).faults.prefix(5) == [])
        #expect(page.contains("exported: \(tuned.role.title)"))

        let url = configuration.run.appendingPathComponent("model")
        #expect(try ModelDirectory.load(url).configuration.members[0].genotype == genotype)
        let card = try String(
            contentsOf: url.appendingPathComponent("README.md"), encoding: .utf8)
        let accuracy = String(format: "%.3f", tuned.test.accuracy)
        #expect(card.contains("| this model (the best of 2 trainings on dev) | \(accuracy) |"))
        #expect(card.contains("`\(genotype)`, \(tuned.parameters) weights"))
        let layers = try #require(tuned.trainedLayers)
        #expect(
            card.contains(
                layers[0] == layers[1]
                    ? "layer \(layers[0]) was trained with it"
                    : "layers \(layers[0]) to \(layers[1]) were trained with it"))
        let overview = try RunOverview(configuration.run)
        #expect(overview.testAccuracy == tuned.test.accuracy)
        #expect(overview.members?.map(\.genotype) == [genotype])
        let files = try FileManager.default.contentsOfDirectory(atPath: url.path)
        #expect(files.contains("encoder") == isStandalone)
        #expect(files.contains("encoder.safetensors") == !isStandalone)
        // A model that holds its encoder needs no other.
        if isStandalone { try FileManager.default.removeItem(at: workspace.encoder) }
        let dataset = try Dataset.load(
            TaskDefinition.load(workspace.task), dataDirectory: nil,
            options: Dataset.Options(
                skipBadRows: false, pairing: pairing, maximumTokens: nil))
        for threads in [1, 2] {
            let metrics = try Evaluation.evaluate(
                modelAt: url, on: dataset, split: .test, threads: threads)
            #expect(tuned.test == metrics)
        }
        let classifier = try TextClassifier(contentsOf: url, threads: 2)
        let answers = try classifier.classify(
            dataset.test.map { TextClassifier.Input($0.text, pair: $0.pair) })
        let correct = zip(answers, dataset.test).filter {
            $0.label == dataset.labels[$1.label].name
        }.count
        #expect(abs(tuned.test.accuracy - Double(correct) / Double(answers.count)) < 0.03)
    }

    @Test("a head that the user gave is the model; a linear one needs no linear control")
    func givenHead() throws {
        let workspace = try Workspace()
        defer { workspace.remove() }
        let linear = "projection(width=full) > pool-mean > classifier(hidden=0)"
        for head in ["projection(width=full) > pool-max > classifier(hidden=0)", linear] {
            var configuration = configuration(workspace, head == linear ? "linear" : "other")
            configuration.input.pairings = .joint
            configuration.head = head
            let result = try Pipeline(configuration).run()
            #expect(result.exported.role == .fineTuned)
            #expect(result.single.role == .single)
            #expect(
                result.exported.members[0].genotype == result.single.members[0].genotype)
            let control = result.controls[Role.fineTunedLinear.rawValue]
            #expect((control == nil) == (head == linear))
        }
    }

    @Test("a saved model gives the same logits, bit for bit; a damaged one is refused")
    func reload() throws {
        let workspace = try Workspace()
        defer { workspace.remove() }
        var configuration = configuration(workspace, "run", .top(1))
        configuration.fineTuning?.hasControl = false
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
        let whole = try Pipeline(configuration(workspace, "whole")).run()
        var stopped = configuration(workspace, "stopped")
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
        let resumed = try Pipeline(stopped).run()
        #expect(resumed.exported.test == whole.exported.test)
        #expect(resumed.exported.temperature == whole.exported.temperature)
        #expect(resumed.controls.mapValues(\.test) == whole.controls.mapValues(\.test))
        func weights(_ run: String) throws -> Data {
            try Data(
                contentsOf: workspace.directory.appendingPathComponent(
                    "\(run)/model/encoder.safetensors"))
        }
        #expect(try weights("stopped") == weights("whole"))
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
