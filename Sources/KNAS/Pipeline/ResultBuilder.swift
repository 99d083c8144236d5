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

    /// - Returns: the result, and what the exported model says on test.
    func build(
        candidates: [Candidate], finalists: [Candidate], winner: HeadDevelopment.Outcome,
        controls: TrainedControls, cost: RunResult.Cost
    ) throws -> (RunResult, TestPredictions) {
        let seeds = winner.seeds
        let predictions = try seeds.map { try test($0) }
        let perSeed = seeds.indices.map { index in
            RunResult.SeedResult(
                seed: index, bestEpoch: seeds[index].bestEpoch, dev: metrics(seeds[index].dev),
                test: metrics(predictions[index]), history: seeds[index].history)
        }
        let members = winner.exported(together: configuration.averagesSeeds).count
        let exported = members > 1 ? try predictions.together : predictions[winner.bestSeed]
        let confusion = ConfusionMatrix(exported)
        let classes = dataset.labels.indices
        let winnerResult = RunResult.Winner(
            genotype: winner.genotype.description, parameters: seeds[0].graph.trainableCount,
            dev: try metrics(ofSeeds: seeds.map(\.dev)), test: try metrics(ofSeeds: predictions),
            perSeed: perSeed, training: winner.configuration,
            tuning: winner.tuning.map {
                RunResult.Tuning(
                    configuration: $0.configuration, heldOutAccuracy: $0.accuracy,
                    parts: $0.heads.count)
            },
            ensemble: seeds.count > 1 ? metrics(try predictions.together) : nil,
            members: configuration.averagesSeeds ? members : nil,
            confusion: classes.map { row in classes.map { confusion[row, $0] } })

        var baselines: [String: RunResult.Baseline] = [:]
        let probe = controls.probe
        baselines["linear"] = try baseline(
            "logistic regression on pooled features of layer \(space.context.layers[probe.slot]), "
                + "C = \(probe.strength)",
            dev: [probe.dev], test: [probe.predict(splits.test)], predictions)
        if !controls.mlp.isEmpty {
            baselines["mlp"] = try baseline(
                controls.mlpGenotype.description, dev: controls.mlp.map(\.dev),
                test: controls.mlp.map { try test($0) }, predictions)
        }
        if let random = controls.random {
            baselines["random"] = try baseline(
                "best of \(random.standings.count) random heads, chosen, tuned and trained like the "
                    + "winner: \(random.genotype)",
                dev: random.seeds.map(\.dev), test: random.seeds.map { try test($0) },
                predictions)
        }
        if let met = controls.met {
            let other = met.loser
            let kind =
                other.configuration.strength.map { "best linear head, fitted exactly, C = \($0)" }
                ?? "best head of the search, tuned and trained"
            baselines[other.isFittedExactly ? "logistic" : "searched"] = try baseline(
                "\(kind): \(other.genotype)",
                dev: other.seeds.map(\.dev), test: other.seeds.map { try test($0) }, predictions)
        }
        let scored = candidates.filter { $0.score != nil }.count
        let result = RunResult(
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
            finalists: zip(finalists, winner.standings).compactMap(finalist),
            winner: winnerResult,
            pareto: Self.front(winner.standings + (controls.random?.standings ?? [])),
            baselines: baselines, cost: cost)
        return (result, onTest(exported))
    }

    /// Predictions with the test split's texts.
    func onTest(_ predictions: Predictions) -> TestPredictions {
        TestPredictions(
            predictions, examples: dataset.test, labels: dataset.labels.map(\.name))
    }

    private func finalist(_ candidate: Candidate, _ standing: Standing) -> RunResult.Finalist? {
        guard let head = standing.heads.first ?? nil else { return nil }
        return RunResult.Finalist(
            genotype: candidate.genotype.description, parameters: head.graph.trainableCount,
            scores: candidate.score?.values.mapValues(\.mean) ?? [:], dev: metrics(head.dev),
            heldOutAccuracy: standing.accuracy ?? metrics(head.dev).accuracy,
            parts: standing.heads.count, history: head.history)
    }

    /// Heads that are more accurate than all smaller ones.
    private static func front(_ standings: [Standing]) -> [RunResult.ParetoPoint] {
        var points: [RunResult.ParetoPoint] = []
        for standing in standings {
            guard let accuracy = standing.accuracy, let head = standing.heads[0] else { continue }
            points.append(
                RunResult.ParetoPoint(
                    genotype: standing.genotype.description,
                    parameters: head.graph.trainableCount, heldOutAccuracy: accuracy))
        }
        points.sort {
            ($0.parameters, -$0.heldOutAccuracy, $0.genotype)
                < ($1.parameters, -$1.heldOutAccuracy, $1.genotype)
        }
        var best = -1.0
        return points.filter { point in
            guard point.heldOutAccuracy > best else { return false }
            best = point.heldOutAccuracy
            return true
        }
    }

    private func baseline(
        _ description: String, dev: [Predictions], test: [Predictions], _ winner: [Predictions]
    ) throws -> RunResult.Baseline {
        RunResult.Baseline(
            description: description, dev: try metrics(ofSeeds: dev),
            test: try metrics(ofSeeds: test),
            winnerMinusThis: try PairedComparison(
                labels: winner[0].labels, first: try answers(winner).map(\.predicted),
                second: try answers(test).map(\.predicted), key: key.child(description)))
    }

    /// What seeds answer: each by itself, or all together where the run averages them. The winner and
    /// its controls are treated alike.
    private func answers(_ seeds: [Predictions]) throws -> [Predictions] {
        configuration.averagesSeeds ? [try seeds.together] : seeds
    }

    /// The mean over the seeds, or the metrics of their mean.
    private func metrics(ofSeeds seeds: [Predictions]) throws -> ClassificationMetrics {
        try ClassificationMetrics.mean(of: answers(seeds).map(metrics))
    }

    func test(_ head: TrainedHead) throws -> Predictions {
        try predict(
            Executor(head.graph), head.parameters, splits.test, classes: dataset.labels.count)
    }

    func metrics(_ predictions: Predictions) -> ClassificationMetrics {
        ClassificationMetrics(predictions, positive: dataset.positiveLabel ?? 1)
    }
}
