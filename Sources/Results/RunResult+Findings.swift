import Heads
import Metrics
import Search
import Selection
import Support
import Tensors
import Training

extension RunResult {
    /// The results of a run in numbers.
    /// - Parameter cost: what the run took.
    public init(_ findings: RunFindings, cost: Cost) throws {
        let (prepared, selected) = (findings.prepared, findings.selected)
        let dataset = prepared.dataset
        let candidates = findings.ranking.all
        let scored = candidates.filter { $0.score != nil }.count
        let scores = Dictionary(
            candidates.map { ($0.genotype, $0.score?.values.mapValues(\.mean) ?? [:]) }
        ) { first, _ in first }
        var controls: [String: Control] = [:]
        for (entry, test) in zip(selected.controls, findings.controlTests) {
            controls[entry.role.rawValue] = try Control(entry, test, findings)
        }
        self.init(
            task: dataset.name, seed: findings.seed, version: Version.current,
            kernels: BLAS.kernelName,
            encoders: prepared.views.map {
                EncoderUse(
                    name: $0.encoderName, digest: $0.encoder.digest,
                    pairing: $0.pairing.rawValue, layers: $0.layers)
            },
            labels: dataset.labels.map(\.name),
            rows: [
                "train": dataset.train.count, "dev": dataset.dev.count,
                "test": dataset.test.count,
            ],
            metrics: dataset.metrics,
            search: SearchSummary(
                candidates: candidates.count, scored: scored, failed: candidates.count - scored,
                proxy: findings.ranking.expression.description,
                strategy: findings.ranking.strategy, spaceSize: prepared.spaces.count,
                scoringSeconds: cost.stages["search"] ?? 0),
            exported: try Exported(findings), controls: controls,
            entries: try selected.entries.map {
                try Entry($0, scores: scores[$0.genotype] ?? [:], findings)
            },
            pareto: Self.front(
                selected.entries.filter { $0.role == .finalist || $0.role == .randomFinalist }),
            cost: cost)
    }

    /// Heads that are more accurate than all smaller ones.
    private static func front(_ entries: [Selection.Entry]) -> [ParetoPoint] {
        var points = entries.compactMap { entry in
            entry.heldOutAccuracy.map {
                ParetoPoint(
                    genotype: entry.genotype.description, parameters: entry.parameters,
                    heldOutAccuracy: $0)
            }
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
}

extension RunResult.Entry {
    init(
        _ entry: Selection.Entry, scores: [String: Double], _ findings: RunFindings
    ) throws {
        let first = entry.trials.first ?? nil
        self.init(
            role: entry.role, genotype: entry.genotype.description,
            encoder: findings.prepared.view(of: entry.genotype).encoderName, recipe: entry.recipe,
            parameters: entry.parameters, scores: scores,
            dev: first.map { findings.metrics($0.dev) }, heldOut: try findings.heldOut(entry),
            parts: entry.trials.count, history: first?.history ?? [])
    }
}

extension RunResult.Exported {
    init(_ findings: RunFindings) throws {
        let entry = findings.selected.exported
        let view = findings.exportedView
        let classes = findings.prepared.dataset.labels.indices
        let modelTest = try findings.modelTest
        let confusion = ConfusionMatrix(modelTest)
        self.init(
            role: entry.role,
            members: [
                RunResult.Member(
                    genotype: entry.genotype.description, encoder: view.encoderName,
                    pairing: view.pairing.rawValue, layers: entry.reading?.headLayers ?? [],
                    weight: 1, seeds: findings.members.count)
            ],
            recipe: entry.recipe,
            trainedLayers: entry.reading?.trainedLayers.map { [$0.lowerBound, $0.upperBound] },
            parameters: entry.parameters,
            dev: try findings.metrics(ofSeeds: entry.seeds.map(\.dev)),
            heldOut: try findings.heldOut(entry),
            test: try findings.metrics(ofSeeds: findings.test),
            modelTest: findings.metrics(modelTest),
            seedsTogether: findings.test.count > 1
                ? findings.metrics(try findings.test.together) : nil,
            perSeed: entry.seeds.indices.map { seed in
                RunResult.SeedResult(
                    seed: seed, bestEpoch: entry.seeds[seed].bestEpoch,
                    dev: findings.metrics(entry.seeds[seed].dev),
                    test: findings.metrics(findings.test[seed]),
                    history: entry.seeds[seed].history)
            },
            confusion: classes.map { row in classes.map { confusion[row, $0] } })
    }
}

extension RunResult.Control {
    init(_ entry: Selection.Entry, _ test: [Predictions], _ findings: RunFindings) throws {
        self.init(
            genotype: entry.genotype.description, recipe: entry.recipe,
            dev: try findings.metrics(ofSeeds: entry.seeds.map(\.dev)),
            heldOut: try findings.heldOut(entry), test: try findings.metrics(ofSeeds: test),
            exportedMinusThis: try findings.comparison(with: test, role: entry.role))
    }
}
