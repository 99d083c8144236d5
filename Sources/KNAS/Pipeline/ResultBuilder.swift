import Encoders
import Features
import Foundation
import Graphs
import Heads
import Metrics
import Search
import Support
import Tasks
import Tensors
import Training

/// Reads the test split, once, and puts the result together.
struct ResultBuilder {
    let configuration: RunConfiguration
    let dataset: Dataset
    let encoder: Encoder
    let space: SearchSpace
    let splits: SplitFeatures
    let key: RandomKey

    func build(
        candidates: [Candidate], finalists: [Candidate], trained: [TrainedGenotype],
        controls: Controls, winner: Winner, seeds: [TrainedHead], probe: LinearProbe,
        cost: RunResult.Cost
    ) throws -> RunResult {
        let seedPredictions = try seeds.map { try test($0) }
        let perSeed = seeds.indices.map { index in
            RunResult.SeedResult(
                seed: index, bestEpoch: seeds[index].bestEpoch, dev: metrics(seeds[index].dev),
                test: metrics(seedPredictions[index]), history: seeds[index].history)
        }
        let exported = seedPredictions[Winner.bestSeed(seeds)]
        let confusion = ConfusionMatrix(exported)
        let classes = dataset.labels.indices
        let winnerResult = RunResult.Winner(
            genotype: winner.genotype.description, parameters: seeds[0].graph.trainableCount,
            dev: try ClassificationMetrics.mean(of: perSeed.map(\.dev)),
            test: try ClassificationMetrics.mean(of: perSeed.map(\.test)), perSeed: perSeed,
            confusion: classes.map { row in classes.map { confusion[row, $0] } })

        var baselines: [String: RunResult.Baseline] = [:]
        baselines["linear"] = try baseline(
            "logistic regression on pooled features of layer \(space.context.layers[probe.slot]), "
                + "C = \(probe.strength)",
            dev: probe.dev, test: probe.predict(splits.test), exported)
        let others = trained.dropFirst(finalists.count)
        for (name, heads) in [("mlp", others.prefix(1)), ("random", others.dropFirst())] {
            guard let best = Winner.best(Array(heads)), let head = best.head else { continue }
            let what =
                name == "random"
                ? "best on dev of \(heads.count) random heads: \(best.genotype)"
                : "\(best.genotype)"
            baselines[name] = try baseline(what, dev: head.dev, test: test(head), exported)
        }
        let scored = candidates.filter { $0.score != nil }.count
        return RunResult(
            task: dataset.name, encoder: configuration.encoder, encoderDigest: encoder.digest,
            layers: space.context.layers,
            pairing: (dataset.pairing ?? .joint).rawValue, seed: configuration.seed,
            version: Version.current, kernels: BLAS.kernelName,
            labels: dataset.labels.map(\.name),
            rows: [
                "train": dataset.train.count, "dev": dataset.dev.count,
                "test": dataset.test.count,
            ],
            search: RunResult.SearchSummary(
                candidates: candidates.count, scored: scored, failed: candidates.count - scored,
                proxy: configuration.expression.description, strategy: configuration.strategy,
                spaceSize: space.count, scoringSeconds: cost.stages["search"] ?? 0),
            finalists: zip(finalists, trained).compactMap(finalist), winner: winnerResult,
            baselines: baselines, cost: cost)
    }

    private func finalist(
        _ candidate: Candidate, _ trained: TrainedGenotype
    ) -> RunResult.Finalist? {
        guard let head = trained.head else { return nil }
        return RunResult.Finalist(
            genotype: candidate.genotype.description, parameters: head.graph.trainableCount,
            scores: candidate.score?.values.mapValues(\.mean) ?? [:], dev: metrics(head.dev),
            history: head.history)
    }

    private func baseline(
        _ description: String, dev: Predictions, test: Predictions, _ winner: Predictions
    ) throws -> RunResult.Baseline {
        RunResult.Baseline(
            description: description, dev: metrics(dev), test: metrics(test),
            winnerMinusThis: try PairedComparison(
                labels: winner.labels, first: winner.predicted, second: test.predicted,
                key: key.child(description)))
    }

    func test(_ head: TrainedHead) throws -> Predictions {
        try predict(
            Executor(head.graph), head.parameters, splits.test, classes: dataset.labels.count)
    }

    func metrics(_ predictions: Predictions) -> ClassificationMetrics {
        ClassificationMetrics(predictions, positive: dataset.positiveLabel ?? 1)
    }
}
