import Heads
import Metrics
import Scoring
import Support
import Tasks
import TestSupport
import Training

@testable import Results
@testable import Selection

/// A made-up result and everything that its page shows, without a run: rows and probabilities are drawn,
/// figures are computed from them.
struct ReportScene {
    var metrics: [Metric] = [.accuracy, .macroF1]
    /// How good the controls' answers are; the members' are 0.8, a single head's 0.7.
    var controls: [Role: Double] = [.linear: 0.55, .mlp: 0.4]
    /// What the exported model is.
    var role = Role.portfolio
    /// Heads that answer.
    var members = 3
    /// Heads that were proposed.
    var candidates = 40
    var hasLayers = true
    /// Names of the classes.
    var labels = ["yes", "no", "later"]
    /// In every row.
    var text = "a text"
    /// Rows of test.
    var rows = 160
    /// The words of mistakes, by row.
    var shaded: [Int: [ReportContent.ShadedWord]] = [:]

    private let key = RandomKey(seed: 4)
    private let space = SearchSpace(
        context: HeadContext(inputWidth: 32, classes: 3, segments: 1, layers: [3, 4]))

    private var criterion: SelectionCriterion { SelectionCriterion(metrics[0], positive: 1) }

    // MARK: Rows and probabilities

    private var truth: [Int] { (0..<rows).map { ($0 * 7 + $0 / 5) % 3 } }

    /// Answers of a model for which the true class stands out so often.
    private func predictions(_ quality: Double, _ name: String) throws -> Predictions {
        var generator = key.child(name).generator()
        let probabilities = truth.map { label -> [Float] in
            let said = Double(generator.uniform()) < quality ? label : generator.index(below: 3)
            let confidence = 0.4 + 0.58 * generator.uniform()
            return (0..<3).map { $0 == said ? confidence : (1 - confidence) / 2 }
        }
        return try Predictions(labels: truth, probabilities: probabilities)
    }

    private func measure(_ predictions: Predictions) -> ClassificationMetrics {
        ClassificationMetrics(predictions, positive: 1)
    }

    // MARK: Heads

    /// Different for numbers below 30.
    private func genotype(_ number: Int) -> String {
        let pooling = ["pool-mean", "pool-max", "pool-first"][number % 3]
        let hidden = [0, 32, 64, 128, 256][number % 5]
        return "layer(of=\(3 + number % 2)) > projection(width=64) > self-attention > "
            + "\(pooling) > classifier(hidden=\(hidden))"
    }

    private func entry(
        _ role: Role, _ number: Int, quality: Double, rounds: Int = 0
    ) throws -> RunResult.Entry {
        let found = measure(try predictions(quality, "\(role) \(number)"))
        let isExact = [Role.linear, .richLinear].contains(role)
        var training = TrainingConfiguration()
        training.epochs = 4
        return RunResult.Entry(
            role: role, genotype: genotype(number), encoder: "e5",
            recipe: isExact ? .exact(strength: 0.1) : .adamW(training),
            parameters: 1000 + 700 * (number % 7), scores: ["alignment": 0.1 * Double(number)],
            dev: found, heldOut: found, parts: rounds > 0 ? 1 : 5, rounds: rounds,
            history: (1...(isExact ? 1 : rounds > 0 ? rounds : 4)).map {
                EpochRecord(
                    epoch: $0, trainingLoss: 1 / Double($0),
                    devAccuracy: found.accuracy - 0.1 / Double($0),
                    devScore: found.value(of: metrics[0]) - 0.1 / Double($0),
                    devCrossEntropy: found.crossEntropy + 0.1 / Double($0))
            })
    }

    private func entries() throws -> [RunResult.Entry] {
        var entries = try (1...(candidates > 1 ? 6 : 1)).map {
            try entry(.contestant, $0, quality: 0.7)
        }
        if candidates > 1 {
            entries += try (7...12).map {
                try entry(.tried, $0, quality: 0.5, rounds: $0 < 10 ? 2 : 1)
            }
            entries += try (13...14).map { try entry(.linear, $0, quality: 0.6) }
        }
        if controls[.random] != nil {
            entries += try (20...24).map { try entry(.randomContestant, $0, quality: 0.6) }
        }
        return entries
    }

    // MARK: Models

    private func model(
        _ role: Role, _ entries: [RunResult.Entry], quality: Double
    ) throws -> (model: RunResult.Model, mixture: Predictions, tempered: Predictions) {
        let said = try entries.indices.map { try predictions(quality, "test \(role) \($0)") }
        let weights = entries.indices.map { Double(entries.count - $0) }
        let total = weights.reduce(0, +)
        let mixture = try Predictions(mixing: said, weights: weights.map { $0 / total })
        let temperature = entries.count > 1 ? 0.8 : 1
        let tempered = mixture.tempered(temperature)
        let matrix = ConfusionMatrix(tempered)
        let model = RunResult.Model(
            role: role,
            members: entries.enumerated().map { place, entry in
                RunResult.Member(
                    genotype: entry.genotype, role: entry.role, encoder: entry.encoder,
                    pairing: "siamese", layers: [3], recipe: entry.recipe,
                    weight: weights[place] / total, seeds: entry.recipe.isDeterministic ? 1 : 5,
                    chosenFrom: entry.recipe.isDeterministic ? 1 : 5,
                    parameters: entry.parameters, heldOut: entry.heldOut,
                    test: measure(said[place]),
                    adds: entries.count > 1 ? 0.02 - 0.011 * Double(place) : nil)
            },
            temperature: temperature, parameters: entries.reduce(0) { $0 + $1.parameters },
            costFactor: 1 + 0.01 * Double(entries.count),
            trainedLayers: role == .fineTuned ? [3, 4] : nil,
            heldOut: measure(tempered), test: measure(tempered),
            disagreement: entries.count > 1 ? 0.21 : nil,
            memberCurve: entries.count > 1
                ? entries.indices.map {
                    Portfolio.Step(
                        members: $0 + 1, accuracy: 0.7 + 0.02 * Double($0),
                        crossEntropy: 0.8 - 0.05 * Double($0))
                } : [],
            confusion: (0..<3).map { row in (0..<3).map { matrix[row, $0] } })
        return (model, mixture, tempered)
    }

    // MARK: The page

    func content() throws -> ReportContent {
        let entries = try entries()
        let heads =
            role == .portfolio
            ? Array(entries.filter { $0.role != .tried }.suffix(max(1, members - 1)))
                + entries.prefix(members > 1 ? 1 : 0)
            : Array(entries.prefix(1))
        let exported = try model(role, heads, quality: 0.8)
        func compared(_ role: Role, _ quality: Double) throws -> RunResult.Model {
            let other = try model(role, [entries[0]], quality: quality)
            var model = other.model
            model.exportedMinusThis = try PairedComparison(
                by: criterion, exported.tempered, other.tempered,
                key: key.child(role.rawValue))
            return model
        }
        var found: [String: RunResult.Model] = [:]
        for (role, quality) in controls { found[role.rawValue] = try compared(role, quality) }
        let result = RunResult(
            task: labels[0], seed: 1, version: "0", kernels: "SkylakeX",
            encoders: [.init(name: "e5", digest: "0", pairing: "siamese", layers: [3, 4])],
            labels: labels, rows: ["train": 400, "dev": 100, "test": rows], metrics: metrics,
            positive: labels[1],
            search: .init(
                candidates: candidates, scored: candidates, failed: 0, proxy: "vote(alignment)",
                strategy: "random", spaceSize: 1e9, scoringSeconds: 12),
            layers: hasLayers
                ? (1...6).map {
                    LayerFinding(
                        view: nil, layer: $0, accuracy: 0.5 + 0.03 * Double($0),
                        crossEntropy: 1 - 0.1 * Double($0), isKept: $0 > 4)
                } : [],
            exported: exported.model,
            single: role == .portfolio ? try compared(.single, 0.7) : exported.model,
            controls: found, entries: entries,
            pareto: entries.prefix(2).compactMap { entry in
                entry.heldOut.map {
                    .init(genotype: entry.genotype, parameters: entry.parameters, heldOut: $0)
                }
            },
            cost: Cost(
                wallSeconds: 60, cpuSeconds: 110, peakMemoryBytes: 300 << 20,
                stages: ["search": 12, "contestants": 20, "controls": 9, "portfolio": 5]))
        let trained = entries.enumerated().map { place, entry in
            ReportContent.Trained(
                entry: entry, place: entry.role == .linear ? nil : place + 1,
                member: heads.firstIndex { $0.genotype == entry.genotype }.map { $0 + 1 })
        }
        return ReportContent(
            result: result,
            leaderboard: trained.filter { $0.place != nil }.map { head in
                .init(
                    place: head.place ?? 0, genotype: head.entry.genotype,
                    parameters: head.entry.parameters, score: 100 - Double(head.place ?? 0),
                    proxies: ["alignment": ScoreSummary(mean: 0.3, spread: 0.01)],
                    trained: head)
            },
            trained: trained,
            architectures: try heads.map {
                ArchitectureDiagram(try space.genotype($0.genotype), in: space)
            },
            test: TestPredictions(
                exported.tempered, examples: truth.map { Example(text: text, label: $0) },
                labels: labels),
            uncalibrated: exported.mixture,
            effort: .init(
                heads: candidates > 1 ? 12 : 0, rows: candidates > 1 ? 30_000 : 0, rowsOfOne: 1600),
            shaded: shaded,
            origin: .init(command: "knas search toy", choices: ["search.candidates": "40"]))
    }

    func page() throws -> String { Report.html(try content()) }
}
