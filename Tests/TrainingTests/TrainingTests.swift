import Features
import Graphs
import Heads
import Metrics
import Support
import Tensors
import TestSupport
import Testing
import Training

@Suite("Training")
struct TrainingTests {
    @Test("ten AdamW steps equal those of an independent implementation")
    func adamW() throws {
        let head = try ReferenceHead("gram_transformer")
        let expected = try SafetensorsFile(ReferenceHead.url("adamw_transformer"))
        let losses = try expected.floats("loss")
        let executor = Executor(head.graph)
        let optimizer = AdamW(
            groups: [ParameterGroup(count: head.parameters.layout.trainableCount)])
        let gradient = BatchGradient(head.parameters.layout)
        var first: [Float] = []
        for step in 0..<10 {
            let logits = executor.forward(
                head.batch, parameters: head.parameters, mode: .differentiation)
            let result = CrossEntropy.evaluate(
                logits: logits, labels: head.labels, classes: 3)
            let loss = result.losses.reduce(0, +) / 12
            #expect(abs(loss - losses[step]) < 1e-4)
            gradient.clear()
            executor.backward(result.gradients.map { $0 / 12 }, into: gradient)
            if step == 0 { first = gradient.storage.array }
            optimizer.update(
                head.parameters.storage.pointer, gradient: gradient.storage.pointer,
                learningRate: 1e-3)
        }
        var loose = 0
        for (_, parameter, range) in head.parameters.layout.trainable {
            let found = head.parameters.values(parameter.name)!
            let wanted = try expected.floats("after10.\(parameter.name)")
            let gradients = first[range].map(abs)
            // AdamW divides by the gradient's size: where that is near its own rounding, which differs
            // from processor to processor, so does the step. Few weights are like that.
            let rounding = 1e-4 * (gradients.max() ?? 0)
            #expect(found.count == wanted.count && found.count == gradients.count)
            for place in found.indices {
                let error = abs(found[place] - wanted[place])
                if gradients[place] < rounding {
                    loose += 1
                    #expect(error < 1e-3, "\(parameter.name)")
                } else {
                    #expect(error < 1e-4, "\(parameter.name)")
                }
            }
        }
        #expect(loose < head.parameters.layout.trainableCount / 100)
    }

    private func train(
        _ change: (inout TrainingConfiguration) -> Void = { _ in }
    ) throws -> TrainedHead {
        let space = SearchSpace(
            context: HeadContext(inputWidth: 16, classes: 2, segments: 2))
        let genotype = try space.genotype(
            "projection(width=64) > cross-attention > pool-mean > pair > classifier")
        var configuration = TrainingConfiguration()
        configuration.epochs = 6
        change(&configuration)
        return try HeadTrainer(configuration).train(
            space.graph(of: genotype),
            train: SyntheticFeatures.make(examples: 200, segments: 2, seed: 1),
            dev: SyntheticFeatures.make(examples: 100, segments: 2, seed: 2), classes: 2,
            key: RandomKey(seed: 3))
    }

    @Test("a head learns what can be learnt, the same way every time")
    func learns() throws {
        let first = try train()
        #expect(ClassificationMetrics(first.dev).accuracy > 0.9)
        let second = try train()
        #expect(first.history == second.history)
        #expect(first.parameters.storage.array == second.parameters.storage.array)
    }

    @Test(
        "a training that pauses after any step ends with the bits of one that did not",
        arguments: [[1], [5, 7], [7, 8, 20, 21]])
    func pauses(steps: [Int]) throws {
        let whole = try train()
        let space = SearchSpace(
            context: HeadContext(inputWidth: 16, classes: 2, segments: 2))
        var configuration = TrainingConfiguration()
        configuration.epochs = 6
        let training = try HeadTraining(
            configuration,
            space.graph(
                of: space.genotype(
                    "projection(width=64) > cross-attention > pool-mean > pair > classifier")),
            train: SyntheticFeatures.make(examples: 200, segments: 2, seed: 1),
            dev: SyntheticFeatures.make(examples: 100, segments: 2, seed: 2), classes: 2,
            key: RandomKey(seed: 3))
        #expect(training.stepsPerEpoch == 7)
        for step in steps {
            try training.run(steps: step)
            #expect(training.history.count == step / 7)
            // Looking does not change anything.
            #expect(try training.predictions().count == 100)
        }
        #expect(training.history == Array(whole.history.prefix(steps.last! / 7)))
        try training.run()
        #expect(training.isFinished)
        let head = try training.head()
        #expect(head.history == whole.history)
        #expect(head.parameters.storage.array == whole.parameters.storage.array)
        #expect(head.dev.probabilities == whole.dev.probabilities)
    }

    @Test("unless wanted otherwise, the weights are those of the last epoch")
    func lastEpoch() throws {
        // A learning rate that makes dev worse in the end.
        func wild(_ choice: EpochChoice) throws -> TrainedHead {
            try train {
                $0.learningRate = 0.05
                $0.patience = 1
                $0.epochChoice = choice
            }
        }
        let last = try wild(.last)
        #expect(last.history.count == 6)
        #expect(last.bestEpoch == 6)
        #expect(ClassificationMetrics(last.dev).accuracy == last.history[5].devAccuracy)
        let automatic = try wild(.automatic)
        #expect(automatic.parameters.storage.array == last.parameters.storage.array)
        #expect(EpochChoice.best.resolved == .best)
    }

    @Test("the weights are those of the best epoch on dev")
    func bestEpoch() throws {
        let head = try train { $0.epochChoice = .best }
        let dev = try SyntheticFeatures.make(examples: 100, segments: 2, seed: 2)
        let predictions = try predict(
            Executor(head.graph), head.parameters, dev, classes: 2)
        #expect(predictions.probabilities == head.dev.probabilities)
        let best = head.history[head.bestEpoch - 1]
        #expect(head.history.allSatisfy { $0.devAccuracy <= best.devAccuracy })
    }

    /// Texts of which one in five is of class 1 and hard to tell from the others: who says class 0 is
    /// mostly right, who wants macro F1 has to take a chance.
    private func rare(_ examples: Int, noise: Float, seed: UInt64) throws -> FeatureSet {
        try SyntheticFeatures.make(examples: examples, noise: noise, seed: seed)
            .subset((0..<examples).filter { $0 % 2 == 0 || $0 % 8 == 1 })
    }

    @Test("the criterion decides which epoch is the best; the epochs are the same")
    func criterion() throws {
        func trained(_ criterion: SelectionCriterion) throws -> TrainedHead {
            let space = SearchSpace(
                context: HeadContext(inputWidth: 16, classes: 2, segments: 1))
            let genotype = try space.genotype("projection(width=64) > pool-mean > classifier")
            var configuration = TrainingConfiguration()
            configuration.epochs = 12
            configuration.patience = 12
            configuration.learningRate = 0.02
            configuration.epochChoice = .best
            configuration.criterion = criterion
            return try HeadTrainer(configuration).train(
                space.graph(of: genotype), train: rare(200, noise: 16, seed: 1),
                dev: rare(400, noise: 16, seed: 2), classes: 2, key: RandomKey(seed: 3))
        }
        let byAccuracy = try trained(.accuracy)
        let byF1 = try trained(SelectionCriterion(.macroF1))
        #expect(byAccuracy.history.map(\.trainingLoss) == byF1.history.map(\.trainingLoss))
        #expect(byAccuracy.history.map(\.devAccuracy) == byF1.history.map(\.devAccuracy))
        #expect(byAccuracy.history.allSatisfy { $0.devScore == $0.devAccuracy })
        #expect(byAccuracy.bestEpoch != byF1.bestEpoch)
        for head in [byAccuracy, byF1] {
            let best = head.history[head.bestEpoch - 1]
            #expect(head.history.allSatisfy { $0.score <= best.score })
        }
        let (a, b) = (ClassificationMetrics(byAccuracy.dev), ClassificationMetrics(byF1.dev))
        #expect(a.accuracy > b.accuracy && a.macroF1 < b.macroF1)
        #expect(byF1.history[byF1.bestEpoch - 1].devScore == b.macroF1)
    }

    @Test("options out of range are refused")
    func badOptions() {
        #expect(throws: BadOption.self) { try train { $0.epochs = 0 } }
        #expect(throws: BadOption.self) { try train { $0.learningRate = -1 } }
        #expect(throws: BadOption.self) { try train { $0.labelSmoothing = 1 } }
    }
}
