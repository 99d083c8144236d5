import Encoders
import Features
import Foundation
import Graphs
import Heads
import Metrics
import Support
import Tensors
import TestSupport
import Testing
import Training

@Suite("Fine-tuning")
struct FineTuneTests {
    /// The largest difference between two runs of floats.
    private func difference(_ a: [Float], _ b: [Float]) -> Float {
        guard a.count == b.count else { return .infinity }
        return zip(a, b).map { abs($0 - $1) }.max() ?? 0
    }

    @Test(
        "the gradient of a whole encoder and head equals finite differences",
        arguments: [1, 2], [false, true])
    func finiteDifferences(_ segments: Int, _ hasDropout: Bool) throws {
        let setup = try FineTuneSetup(segments: segments)
        let model = try setup.graph()
        let parameters = try model.parameters(encoder: setup.encoder, head: setup.head())
        let features = try setup.tunedFeatures(model)
        let batch = try features.batch(Array(0..<6))
        let executor = Executor(model.graph)
        let mode: Executor.Mode = hasDropout ? .training(key: 5) : .differentiation
        func loss() -> (Double, [Float]) {
            let logits = executor.forward(batch.batch, parameters: parameters, mode: mode)
            let result = Loss.evaluate(logits: logits, targets: batch.targets, outputs: 2)
            return (result.losses.reduce(0) { $0 + Double($1) }, result.gradients)
        }
        let gradient = BatchGradient(parameters.layout)
        executor.backward(loss().1, into: gradient)
        #expect(model.unfrozen.layers == 1...2)
        var generator = RandomKey(seed: 9).generator()
        for (_, parameter, range) in parameters.layout.trainable {
            for _ in 0..<6 {
                let place = range.lowerBound + generator.index(below: range.count)
                let start = parameters.storage.pointer[place]
                let step: Float = 4e-3
                parameters.storage.pointer[place] = start + step
                let above = loss().0
                parameters.storage.pointer[place] = start - step
                let below = loss().0
                parameters.storage.pointer[place] = start
                let expected = (above - below) / Double(2 * step)
                let found = Double(gradient.storage.pointer[place])
                #expect(
                    abs(found - expected) < 4e-3 + 0.01 * abs(expected), "\(parameter.name)")
            }
        }
    }

    /// A key's bias adds the same to all scores of a query, which the softmax does not see: its
    /// gradient is zero but for rounding, which AdamW makes steps of full length from. That changes no
    /// result, and is different on every machine.
    private static func matters(_ name: String) -> Bool { !name.hasSuffix("key.bias") }

    @Test("ten steps of encoder and head equal PyTorch's")
    func golden() throws {
        let golden = try FineTuneGolden()
        let after = try golden.weightsAfterTenSteps()
        #expect(golden.file.names.contains("after.head.linear.weight"))
        for name in golden.file.names where name.hasPrefix("after.") {
            let short = String(name.dropFirst("after.".count))
            guard Self.matters(short) else { continue }
            let found = try #require(after.weights[short], "\(short)")
            #expect(difference(found, try golden.file.floats(name)) < 1e-4, "\(short)")
        }
        let losses = try golden.file.floats("losses")
        #expect(difference(after.losses.map(Float.init), losses) < 1e-4)
    }

    @Test("one thread and two give the same bits", arguments: [1, 2])
    func threads(_ segments: Int) throws {
        let setup = try FineTuneSetup(segments: segments)
        let one = try setup.tune(threads: 1)
        let two = try setup.tune(threads: 2)
        #expect(one.history == two.history)
        #expect(one.parameters.storage.array == two.parameters.storage.array)
        #expect(one.dev.probabilities == two.dev.probabilities)
    }

    @Test("parts of a batch, summed, equal the batch as a whole")
    func accumulation() throws {
        let setup = try FineTuneSetup()
        let parts = try setup.tune(dropout: 0) { $0.epochs = 1 }
        let whole = try setup.tune(dropout: 0) {
            $0.epochs = 1
            $0.microBatchTokens = 100_000
        }
        #expect(parts.parameters.storage.array != whole.parameters.storage.array)
        let model = try setup.graph()
        let expected = try model.weights(whole.parameters)
        for (name, found) in try model.weights(parts.parameters) where Self.matters(name) {
            #expect(difference(found, expected[name]!) < 1e-5, "\(name)")
        }
    }

    @Test("a stopped training resumes to the same bits; another's checkpoint is not used")
    func resume() throws {
        let setup = try FineTuneSetup()
        let directory = try TinyEncoder.temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let whole = try setup.tune()
        let first = FineTuneCheckpoint(inRun: directory, name: "winner-seed0", use: .replace)
        #expect(FineTuneCheckpoint.find(inRun: directory).isEmpty)
        // The fourth step is the first epoch's last.
        #expect(throws: Interrupted.self) { try setup.tune(checkpoint: first, stopAt: 7) }
        #expect(FineTuneCheckpoint.find(inRun: directory) == [first.url])
        let resuming = FineTuneCheckpoint(url: first.url, use: .resume)
        // It may end with the epoch that was finished.
        let ending = FineTuneCheckpoint(url: first.url, use: .finish)
        let ended = try setup.tune(checkpoint: ending, stopAt: 1)
        #expect(ended.history == Array(whole.history.prefix(1)))
        // A second stop: the state of a resumed training is as good.
        #expect(throws: Interrupted.self) { try setup.tune(checkpoint: resuming, stopAt: 10) }
        let resumed = try setup.tune(checkpoint: resuming)
        #expect(resumed.history == whole.history)
        #expect(resumed.parameters.storage.array == whole.parameters.storage.array)
        // Finished: nothing is trained again.
        let again = try setup.tune(checkpoint: resuming, stopAt: 1)
        #expect(again.parameters.storage.array == whole.parameters.storage.array)
        #expect(again.dev.probabilities == whole.dev.probabilities)
        #expect(throws: Interrupted.self) {
            try setup.tune(checkpoint: resuming, stopAt: 1) { $0.encoderLearningRate = 2e-3 }
        }
        let bytes = try Data(contentsOf: first.url)
        try bytes.prefix(bytes.count / 2).write(to: first.url)
        #expect(throws: TensorError.self) { try setup.tune(checkpoint: resuming) }
    }

    @Test("fine-tuning learns, and leaves the encoder's own weights alone")
    func learns() throws {
        let setup = try FineTuneSetup()
        let before = try setup.graph().parameters(encoder: setup.encoder, head: setup.head())
        let tuned = try setup.tune { $0.epochs = 6 }
        #expect(tuned.history[tuned.bestEpoch - 1].devAccuracy > 0.8)
        #expect(tuned.parameters.storage.array != before.storage.array)
        let after = try setup.graph().parameters(encoder: setup.encoder, head: setup.head())
        #expect(after.storage.array == before.storage.array)
    }

    @Test("the weights are those of the epoch that is best by the criterion")
    func criterion() throws {
        let setup = try FineTuneSetup()
        let plain = try setup.tune()
        let tuned = try setup.tune { $0.criterion = SelectionCriterion(.f1, positive: 0) }
        #expect(plain.history.map(\.trainingLoss) == tuned.history.map(\.trainingLoss))
        #expect(plain.history.map(\.devAccuracy) == tuned.history.map(\.devAccuracy))
        let best = tuned.history[tuned.bestEpoch - 1]
        #expect(tuned.history.allSatisfy { $0.score <= best.score })
        #expect(best.devScore == ClassificationMetrics(tuned.dev, positive: 0).f1)
        #expect(plain.history.allSatisfy { $0.devScore == $0.devAccuracy })
    }

    @Test("the graph reads the layer below the unfrozen ones, and lower ones that the head reads")
    func inputLayers() throws {
        let setup = try FineTuneSetup()
        #expect(try setup.graph().inputLayers == [0])
        #expect(try setup.graph(count: 1).inputLayers == [1])
        #expect(try setup.graph(count: 1).unfrozen.layers == 2...2)
        #expect(throws: EncoderError.badUnfrozenCount(count: 3, layers: 2)) {
            try setup.graph(count: 3)
        }
        #expect(throws: BadOption.self) { try setup.tune { $0.layerDecay = 0 } }
    }

    @Test(
        "beside a linear head, the logits at the start are the linear head's, whatever the other one is",
        arguments: [1, 2])
    func startsLinear(_ segments: Int) throws {
        let setup = try FineTuneSetup(segments: segments)
        let pooled = segments == 2 ? "pool-mean > pair(kind=all)" : "pool-mean"
        let linear = try setup.space.genotype(
            "layer(of=2) > projection(width=full) > \(pooled) > "
                + "classifier(norm=standard,hidden=0,dropout=0)")
        let alone = FineTuneGraph.Head(linear, in: setup.space)
        let weights = setup.head(linear)
        let start = try FineTuneGraph(
            alone, encoder: setup.encoder.configuration, count: nil, dropout: 0)
        let features = try setup.tunedFeatures(start)
        let inference = BatchedInference(
            start.graph, try start.parameters(encoder: setup.encoder, head: weights), threads: 1)
        let expected = try inference.outputs(features).array
        var generator = RandomKey(seed: 3).generator()
        for _ in 0..<40 {
            let other = setup.space.sample(using: &generator)
            let graph = try FineTuneGraph(
                FineTuneGraph.Head(other, in: setup.space), beside: alone,
                encoder: setup.encoder.configuration, count: nil, dropout: 0)
            #expect(graph.inputLayers == [0])
            let parameters = try graph.parameters(
                encoder: setup.encoder, head: setup.head(other), linear: weights)
            let found = try BatchedInference(graph.graph, parameters, threads: 1)
                .outputs(features).array
            #expect(found == expected, "\(other)")
            // The gates learn from the first step on.
            let executor = Executor(graph.graph)
            let batch = try features.batch(Array(0..<6))
            let logits = executor.forward(
                batch.batch, parameters: parameters, mode: .training(key: 1))
            let gradient = BatchGradient(parameters.layout)
            executor.backward(
                Loss.evaluate(logits: logits, targets: batch.targets, outputs: 2).gradients,
                into: gradient)
            let gate = try #require(
                parameters.layout.trainable.first { $0.1.name == "gate.scale" })
            #expect(gate.2.contains { gradient.storage.pointer[$0] != 0 }, "\(other)")
        }
    }

    @Test(
        "a mean over one step is the last weights; a longer one goes on after a stop, bit for bit")
    func averaging() throws {
        let setup = try FineTuneSetup()
        let plain = try setup.tune()
        let last = try setup.tune { $0.averaging = 0.1 }
        #expect(last.parameters.storage.array == plain.parameters.storage.array)
        let whole = try setup.tune { $0.averaging = 1 }
        #expect(whole.parameters.storage.array != plain.parameters.storage.array)
        // What is trained does not depend on what is averaged.
        #expect(whole.history.map(\.trainingLoss) == plain.history.map(\.trainingLoss))
        let directory = try TinyEncoder.temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let first = FineTuneCheckpoint(inRun: directory, name: "winner-seed0", use: .replace)
        #expect(throws: Interrupted.self) {
            try setup.tune(checkpoint: first, stopAt: 7) { $0.averaging = 1 }
        }
        let resumed = try setup.tune(
            checkpoint: FineTuneCheckpoint(url: first.url, use: .resume)
        ) { $0.averaging = 1 }
        #expect(resumed.parameters.storage.array == whole.parameters.storage.array)
    }

    @Test("where no epoch is better on dev the weights stay as they were, also after a stop")
    func startCompetes() throws {
        let setup = try FineTuneSetup()
        let start = try setup.tune { $0.epochs = 6 }.parameters.copy()
        func ruin(_ configuration: inout FineTuneConfiguration) {
            configuration.headLearningRate = 9
            configuration.encoderLearningRate = 9
        }
        let ruined = try setup.tune(start: start.copy(), ruin)
        #expect(ruined.bestEpoch == 0 && ruined.parameters.storage.array == start.storage.array)
        let before = SelectionCriterion.accuracy.score(ruined.dev)
        #expect(ruined.history.count == 3 && ruined.history.allSatisfy { $0.score <= before })
        let directory = try TinyEncoder.temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let first = FineTuneCheckpoint(inRun: directory, name: "winner-seed0", use: .replace)
        #expect(throws: Interrupted.self) {
            try setup.tune(checkpoint: first, start: start.copy(), stopAt: 7, ruin)
        }
        let resumed = try setup.tune(
            checkpoint: FineTuneCheckpoint(url: first.url, use: .resume), start: start.copy(), ruin
        )
        #expect(resumed.history == ruined.history && resumed.bestEpoch == 0)
        #expect(resumed.parameters.storage.array == start.storage.array)
        #expect(try setup.tune(start: start.copy(), startCompetes: false, ruin).bestEpoch > 0)
    }

    @Test("rows that are read twice have the gradient of their mean, and answers that agree better")
    func consistency() throws {
        let setup = try FineTuneSetup()
        // Hardly any dropout: what is read twice is the same twice.
        let once = try setup.tune(dropout: 1e-7) { $0.dropout = 1e-7 }
        let twice = try setup.tune(dropout: 1e-7) {
            $0.dropout = 1e-7
            $0.consistency = 1
        }
        #expect(twice.history.count == once.history.count)
        for (a, b) in zip(twice.history, once.history) {
            #expect(abs(a.trainingLoss - b.trainingLoss) < 1e-4)
        }
        #expect(throws: BadOption.self) { try setup.tune { $0.consistency = 0 } }
        #expect(throws: BadOption.self) {
            try setup.tune {
                $0.consistency = 1
                $0.dropout = 0
            }
        }
    }

    @Test("the strongest pull leaves the encoder as it was, and lets the head learn")
    func pull() throws {
        let setup = try FineTuneSetup()
        let model = try setup.graph()
        let start = try model.weights(
            model.parameters(encoder: setup.encoder, head: setup.head()))
        // A share of the way that is 1 whatever the learning rate, but for the last step's rate of zero.
        let pulled = try setup.tune(dropout: 0) {
            $0.pull = 999
            $0.encoderLearningRate = 0.1
            $0.headLearningRate = 0.1
            $0.layerDecay = 1
            $0.epochs = 1
        }
        let after = try model.weights(pulled.parameters)
        for (name, values) in start where !name.hasPrefix("head") {
            #expect(difference(after[name] ?? [], values) < 1e-6, "\(name)")
        }
        #expect(throws: BadOption.self) { try setup.tune { $0.pull = -1 } }
    }

    @Test("training ends where no epoch is better for as many as patience allows")
    func patience() throws {
        let setup = try FineTuneSetup()
        let tuned = try setup.tune {
            $0.epochs = 40
            $0.patience = 1
        }
        #expect(tuned.history.count == tuned.bestEpoch + 1)
        #expect(tuned.history.count < 40)
    }

    @Test("pairs by likeness bring the texts of a class together; threads change no bit")
    func contrastive() throws {
        let setup = try FineTuneSetup()
        let linear = try setup.space.genotype(
            "layer(of=2) > projection(width=full) > pool-mean > "
                + "classifier(norm=standard,hidden=0,dropout=0)")
        let model = try FineTuneGraph(
            FineTuneGraph.Head(linear, in: setup.space), encoder: setup.encoder.configuration,
            count: nil, dropout: 0.1)
        func warmed(
            threads: Int, _ checkpoint: FineTuneCheckpoint? = nil
        ) throws -> (ParameterSet, EpochRecord) {
            let parameters = try model.parameters(
                encoder: setup.encoder, head: setup.head(linear))
            let record = try ContrastiveWarmUp(
                FineTuneSetup.configuration, pairs: 8, threads: threads
            ).run(
                model, parameters, train: setup.train, dev: setup.dev, classes: 2,
                key: RandomKey(seed: 5), checkpoint: checkpoint)
            return (parameters, record)
        }
        let (one, two) = (try warmed(threads: 1), try warmed(threads: 2))
        #expect(one.0.storage.array == two.0.storage.array)
        #expect(one.1 == two.1)
        // What the fitted head says is what the model says from then on.
        let inference = BatchedInference(model.graph, one.0, threads: 1)
        let found = ClassificationMetrics(try inference.predictions(setup.dev))
        #expect(abs(found.loss - one.1.devCrossEntropy) < 1e-5)
        #expect(found.accuracy == one.1.devAccuracy)
        // It is not trained twice; where nothing is to be trained, what there is answers.
        let directory = try TinyEncoder.temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let kept = FineTuneCheckpoint(inRun: directory, name: "pairs", use: .finish)
        #expect(throws: LeftOut.self) { try warmed(threads: 2, kept) }
        _ = try warmed(threads: 2, FineTuneCheckpoint(url: kept.url, use: .resume))
        let again = try warmed(threads: 2, kept)
        #expect(again.0.storage.array == one.0.storage.array && again.1 == one.1)
        let start = try model.parameters(encoder: setup.encoder, head: setup.head(linear))
        let pool = try #require(
            model.graph.nodes.lastIndex {
                if case .pool = $0.primitive { true } else { false }
            })
        func loss(_ parameters: ParameterSet) throws -> Double {
            let rows = try BatchedInference(
                model.graph.upTo(node: pool), parameters, threads: 1
            ).outputs(setup.dev).array
            let width = TinyEncoder.width
            func cosine(_ a: Int, _ b: Int) -> Double {
                let (u, v) = (rows[a * width..<(a + 1) * width], rows[b * width..<(b + 1) * width])
                let dots = zip(u, v).reduce((0.0, 0.0, 0.0)) { sum, pair in
                    let (x, y) = (Double(pair.0), Double(pair.1))
                    return (sum.0 + x * y, sum.1 + x * x, sum.2 + y * y)
                }
                return dots.0 / (dots.1 * dots.2).squareRoot()
            }
            let labels = setup.dev.targets.strata
            var losses: [Bool: [Double]] = [:]
            for a in labels.indices {
                for b in 0..<a {
                    let isAlike = labels[a] == labels[b]
                    let miss = cosine(a, b) - (isAlike ? 1 : 0)
                    losses[isAlike, default: []].append(miss * miss)
                }
            }
            return losses.values.reduce(0) { $0 + $1.reduce(0, +) / Double($1.count) }
        }
        let (before, after) = (try loss(start), try loss(one.0))
        #expect(after < 0.8 * before, "\(before) to \(after)")
        #expect(throws: BadOption.self) {
            try ContrastiveWarmUp(FineTuneConfiguration(), pairs: 1, threads: 1)
        }
    }

    @Test("an epoch takes each example once, in a form redrawn each time")
    func views() throws {
        let setup = try FineTuneSetup()
        // Two forms that are the same give what one form gives, but for the order that is drawn first.
        let both = try SyntheticFeatures.make(
            examples: 60, width: TinyEncoder.width, segments: 1, seed: 1, copies: 2)
        #expect(both.count == 120)
        let once = try setup.tune()
        let twice = try setup.tune(train: both, views: 2)
        #expect(once.history.map(\.trainingLoss) == twice.history.map(\.trainingLoss))
        #expect(once.parameters.storage.array == twice.parameters.storage.array)
        // With other second forms the result differs.
        let other = try SyntheticFeatures.make(
            examples: 120, width: TinyEncoder.width, segments: 1, seed: 1)
        let mixed = try setup.tune(train: other, views: 2)
        #expect(mixed.history.map(\.trainingLoss) != once.history.map(\.trainingLoss))
    }
}
