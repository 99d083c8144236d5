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
        var controls: [String: Model] = [:]
        for control in findings.controls {
            controls[control.model.role.rawValue] = try Model(control, findings)
        }
        self.init(
            task: dataset.name, seed: findings.seed, version: Version.current,
            kernels: BLAS.kernelName,
            encoders: prepared.views.map {
                EncoderUse(
                    name: $0.encoderName, digest: $0.encoder.digest,
                    pairing: $0.pairing.rawValue, layers: $0.layers)
            },
            target: dataset.targets.kind == .oneClass ? nil : dataset.targets.kind,
            labels: dataset.labels.map(\.name),
            rows: [
                "train": dataset.train.count, "dev": dataset.dev.count,
                "test": dataset.test.count,
            ],
            metrics: dataset.metrics,
            positive: dataset.positiveLabel.map { dataset.labels[$0].name },
            search: SearchSummary(
                candidates: candidates.count, scored: scored, failed: candidates.count - scored,
                proxy: findings.ranking.expression.description,
                strategy: findings.ranking.strategy, spaceSize: prepared.spaces.count,
                scoringSeconds: cost.stages["search"] ?? 0),
            layers: findings.layers, exported: try Model(findings.exported, findings),
            single: try Model(findings.single, findings), controls: controls,
            entries: try selected.entries.map {
                try Entry($0, scores: scores[$0.genotype] ?? [:], findings)
            },
            pareto: try findings.front(),
            cost: cost)
    }
}

extension RunFindings {
    /// Heads that do better than all smaller ones, by the metric that decides.
    fileprivate func front() throws -> [RunResult.ParetoPoint] {
        let metric = prepared.dataset.criterion.metric
        let tried = selected.entries.filter {
            $0.role == .contestant || $0.role == .randomContestant
        }
        let points = try tried.compactMap { entry in
            try heldOut(entry).map {
                RunResult.ParetoPoint(
                    genotype: entry.genotype.description, parameters: entry.parameters,
                    heldOut: $0)
            }
        }.sorted { a, b in
            let (x, y) = (a.heldOut.value(of: metric), b.heldOut.value(of: metric))
            return (a.parameters, -x, a.genotype) < (b.parameters, -y, b.genotype)
        }
        var best = -Double.infinity
        return points.filter { point in
            let value = point.heldOut.value(of: metric)
            defer { best = max(best, value) }
            return value > best
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
            parts: entry.trials.count, rounds: entry.rounds, history: first?.history ?? [])
    }
}

extension RunResult.Model {
    init(_ tested: RunFindings.Tested, _ findings: RunFindings) throws {
        let model = tested.model
        let isExported = model.role == findings.exported.model.role
        self.init(
            role: model.role,
            members: try model.members.indices.map {
                try RunResult.Member(model.members[$0], tested.members[$0], findings)
            },
            temperature: model.temperature, parameters: model.parameters,
            costFactor: (model.costs ?? findings.costs).factor(of: model),
            trainedLayers: model.members.lazy.compactMap(\.entry.reading.trainedLayers).first
                .map { [$0.lowerBound, $0.upperBound] },
            heldOut: model.heldOut.map(findings.metrics),
            frozenHeldOut: model.frozenHeldOut.map(findings.metrics),
            heldOutInterval: model.heldOut.flatMap { findings.heldOutInterval($0, of: model.role) },
            test: findings.metrics(tested.test), disagreement: tested.disagreement,
            memberCurve: model.curve,
            confusion: tested.confusion, labels: tested.labels,
            exportedMinusThis: isExported ? nil : try findings.comparison(with: tested))
        for (place, added) in try model.additions().enumerated() { members[place].adds = added }
    }
}

extension RunFindings.Tested {
    /// Counts of true and predicted classes; empty where rows have no class.
    fileprivate var confusion: [[Int]] {
        guard test.targets.kind == .oneClass else { return [] }
        let matrix = ConfusionMatrix(test)
        let classes = 0..<test.classes
        return classes.map { row in classes.map { matrix[row, $0] } }
    }

    /// How well each label is found; `nil` where rows do not have several.
    fileprivate var labels: [RunResult.LabelResult]? {
        guard test.targets.kind == .labels else { return nil }
        let counts = LabelCounts(test, rows: nil)
        let precision = AveragePrecision(test)
        return (0..<test.classes).map { label in
            RunResult.LabelResult(
                threshold: Double(model.thresholds?[label] ?? 0.5), present: counts.present[label],
                given: counts.given[label], right: counts.truePositives[label],
                f1: counts.f1(of: label), averagePrecision: precision.labels[label])
        }
    }
}

extension RunResult.Member {
    /// Where the only training that answers is from; `nil` where it is the only one, or there are several.
    public var origin: String? {
        guard seeds == 1, chosenFrom > 1 else { return nil }
        return averaged.map { "the mean of the weights of \($0) of \(chosenFrom) trainings" }
            ?? "the best of \(chosenFrom) trainings on dev"
    }

    init(
        _ member: SelectedModel.Member, _ test: Predictions, _ findings: RunFindings
    ) throws {
        let entry = member.entry
        let view = findings.prepared.view(of: entry.genotype)
        self.init(
            genotype: entry.genotype.description, role: entry.role, encoder: view.encoderName,
            pairing: view.pairing.rawValue, layers: entry.reading.headLayers,
            recipe: entry.recipe, weight: member.weight, seeds: entry.replicas.count,
            chosenFrom: max(entry.chosenFrom, entry.replicas.count),
            averaged: entry.averaged > 1 ? entry.averaged : nil,
            parameters: entry.parameters, heldOut: try findings.heldOut(entry),
            test: findings.metrics(test))
    }
}
