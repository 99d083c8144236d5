import Encoders
import Export
import Features
import Graphs
import Heads
import Metrics
import Support
import Tasks
import Training

/// The heads that were fine-tuned.
struct FineTunedHeads: Sendable {
    /// The head that the model is made of.
    let winner: FineTunedHead
    /// The other one, where two were fine-tuned.
    let control: FineTunedHead?
    /// What the other one is: `linear`, or `searched` where the linear head did better on dev.
    let controlName: String
}

extension RunResult {
    /// What training encoder layers together with the head gave; metrics are means over the seeds.
    public struct FineTuned: Sendable, Codable {
        /// Another head that was fine-tuned in the same way.
        public struct Control: Sendable, Codable {
            /// The control's head in text form.
            public var genotype: String
            /// Mean over the seeds, on dev.
            public var dev: ClassificationMetrics
            /// Mean over the seeds, on test.
            public var test: ClassificationMetrics
            /// Each seed's figures.
            public var perSeed: [SeedResult]
            /// The exported head's test accuracy minus the control's, both means over the seeds, with a
            /// 95% bootstrap interval over the test rows and McNemar's p.
            public var winnerMinusThis: PairedComparison
        }

        /// The exported head in text form: the winner's, or the linear one where that did better on dev
        /// after fine-tuning.
        public var genotype: String
        /// The encoder's layers that were trained, the lowest and the highest.
        public var layers: [Int]
        /// Trained weights, the head's and the encoder's.
        public var parameters: Int
        /// How they were trained.
        public var training: FineTuneConfiguration
        /// Mean over the seeds, on dev.
        public var dev: ClassificationMetrics
        /// Mean over the seeds, on test.
        public var test: ClassificationMetrics
        /// Each seed's figures.
        public var perSeed: [SeedResult]
        /// Rows: classes as they are; columns: as the exported model says; on test.
        public var confusion: [[Int]]
        /// The test accuracy minus that of the winner on the frozen encoder, both means over the seeds.
        public var minusFrozen: PairedComparison
        /// Under the name `finetuned linear head`, or `finetuned searched head` where the linear one is
        /// exported.
        public var controls: [String: Control]
    }
}

extension ResultBuilder {
    private struct Outcome {
        let perSeed: [RunResult.SeedResult]
        /// What each seed says on test.
        let predictions: [Predictions]
    }

    /// Reads the test split for the fine-tuned heads.
    /// - Parameter frozen: the winner on the frozen encoder, seed by seed.
    /// - Returns: the result, and what the exported seed says on test.
    func fineTuned(
        _ heads: FineTunedHeads, frozen: [TrainedHead], training: FineTuneConfiguration
    ) throws -> (RunResult.FineTuned, TestPredictions) {
        let outcome = try evaluate(heads.winner)
        let exported = outcome.predictions[Winner.bestSeed(heads.winner.seeds)]
        let confusion = ConfusionMatrix(exported)
        let classes = dataset.labels.indices
        var controls: [String: RunResult.FineTuned.Control] = [:]
        if let control = heads.control {
            let other = try evaluate(control)
            controls["finetuned \(heads.controlName) head"] = RunResult.FineTuned.Control(
                genotype: control.genotype.description,
                dev: try ClassificationMetrics.mean(of: other.perSeed.map(\.dev)),
                test: try ClassificationMetrics.mean(of: other.perSeed.map(\.test)),
                perSeed: other.perSeed,
                winnerMinusThis: try compare(
                    outcome.predictions, other.predictions, "fine-tuned linear"))
        }
        let result = RunResult.FineTuned(
            genotype: heads.winner.genotype.description,
            layers: [heads.winner.unfrozen.lowerBound, heads.winner.unfrozen.upperBound],
            parameters: heads.winner.seeds[0].graph.trainableCount, training: training,
            dev: try ClassificationMetrics.mean(of: outcome.perSeed.map(\.dev)),
            test: try ClassificationMetrics.mean(of: outcome.perSeed.map(\.test)),
            perSeed: outcome.perSeed,
            confusion: classes.map { row in classes.map { confusion[row, $0] } },
            minusFrozen: try compare(
                outcome.predictions, frozen.map { try test($0) }, "frozen"),
            controls: controls)
        return (result, onTest(exported))
    }

    private func evaluate(_ head: FineTunedHead) throws -> Outcome {
        let predictions = try head.seeds.map { seed in
            try BatchedInference(seed.graph, seed.parameters, threads: configuration.threads)
                .predictions(head.test)
        }
        let perSeed = head.seeds.indices.map { index in
            RunResult.SeedResult(
                seed: index, bestEpoch: head.seeds[index].bestEpoch,
                dev: metrics(head.seeds[index].dev), test: metrics(predictions[index]),
                history: head.seeds[index].history)
        }
        return Outcome(perSeed: perSeed, predictions: predictions)
    }

    private func compare(
        _ first: [Predictions], _ second: [Predictions], _ label: String
    ) throws -> PairedComparison {
        try PairedComparison(
            labels: first[0].labels, first: first.map(\.predicted),
            second: second.map(\.predicted),
            key: key.child("fine-tuning").child(label))
    }
}

extension Model {
    /// The seed of a fine-tuned head that did best on dev, on top of a frozen model's configuration.
    init(
        _ head: FineTunedHead, _ frozen: ModelConfiguration, encoder: Encoder
    ) throws {
        var configuration = frozen
        configuration.genotype = head.genotype.description
        configuration.layers = head.inputLayers
        configuration.fineTuning = ModelConfiguration.FineTuning(
            firstLayer: head.unfrozen.lowerBound, lastLayer: head.unfrozen.upperBound,
            headLayers: head.headLayers, weightPrefix: encoder.weightPrefix)
        // Without the nodes that only training needs; the parameters are the same.
        let graph = try FineTuneGraph(
            head.genotype, in: SearchSpace(context: configuration.context),
            encoder: encoder.configuration, unfreezing: head.unfrozen, dropout: 0)
        self.init(
            configuration: configuration, graph: graph.graph,
            parameters: head.seeds[Winner.bestSeed(head.seeds)].parameters,
            unfrozen: graph.unfrozen)
    }
}
