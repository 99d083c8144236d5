import Features
import Heads
import Metrics
import Support
import Training

/// Linear heads on the encoder's frozen features, each fitted to its minimum, against the best head
/// of the search.
///
/// Where there are few training rows a strongly penalised linear head is hard to beat, and a search
/// that hands its user something worse has failed them. The two meet on dev and on folds of train,
/// trained anew, until ``rowsToMeetOn`` rows have been held out; the better wins the run.
struct LogisticContest: Sendable {
    let stage: TrainingStage
    let configuration: RunConfiguration
    let key: RandomKey

    /// The two that met: who won, and who lost.
    struct Result: Sendable {
        let winner: HeadDevelopment.Outcome
        let loser: HeadDevelopment.Outcome
        /// Share of the held-out rows that each had right.
        let winnerAccuracy: Double
        let loserAccuracy: Double
    }

    /// Held-out rows after which one is told from the other well enough: the standard error of a
    /// difference is then a point or less.
    private static let rowsToMeetOn = 2000
    /// Parts that all but the best linear head are tried on at most.
    private static let rounds = 3
    /// Numbers that a fit may hold of its training rows.
    private static let largestTable = 1 << 26

    /// What a linear head's fits gave on the parts so far, a place for each strength.
    private struct Record {
        let genotype: Genotype
        var correct = [Double](repeating: 0, count: LogisticPath.strengths.count)
        var losses = [Double](repeating: 0, count: LogisticPath.strengths.count)
        var rows = 0.0
        /// The fits on all of train, which is the first part.
        var heads: [TrainedHead] = []

        mutating func add(_ fits: [TrainedHead]) {
            for (place, fit) in fits.enumerated() {
                let metrics = ClassificationMetrics(fit.dev)
                correct[place] += metrics.accuracy * Double(fit.dev.count)
                losses[place] += metrics.crossEntropy * Double(fit.dev.count)
            }
            rows += Double(fits[0].dev.count)
            if heads.isEmpty { heads = fits }
        }

        /// Accuracy decides, cross entropy breaks ties, then the stronger penalty.
        var best: Int {
            correct.indices.max { a, b in
                (correct[a], -losses[a], -a) < (correct[b], -losses[b], -b)
            } ?? 0
        }
        var standing: (Double, Double) { (correct[best] / rows, -losses[best] / rows) }
    }

    private var partCount: Int { stage.parts.count(holdingOut: Self.rowsToMeetOn) }

    /// - Returns: `nil` where there is too much data for an exact fit.
    func run(against searched: HeadDevelopment.Outcome) throws -> Result? {
        guard let record = try bestLinearHead() else { return nil }
        let linear = outcome(record, searched)
        let jobs = (0..<partCount).map {
            TrainingJob(
                genotype: searched.genotype, configuration: searched.configuration, part: $0)
        }
        var standing = Standing(searched.genotype, searched.configuration)
        for trained in try stage.train(jobs, key.child("searched"), stageName: "meeting") {
            standing.add(trained.head)
        }
        let accuracy = standing.accuracy ?? 0
        let linearAccuracy = record.standing.0
        return linearAccuracy >= accuracy
            ? Result(
                winner: linear, loser: searched, winnerAccuracy: linearAccuracy,
                loserAccuracy: accuracy)
            : Result(
                winner: searched, loser: linear, winnerAccuracy: accuracy,
                loserAccuracy: linearAccuracy)
    }

    /// Every layer, and for pairs every layer with each token beside its counterpart, and with how well
    /// the tokens are covered alone.
    private func contestants() throws -> [Genotype] {
        let isPair = stage.space.context.segments == 2
        let inputs =
            isPair
            ? [
                "projection(width=full)", "alignment(compare=difference,width=full)",
                "alignment(compare=concatenation,width=full)", "coverage(sharpness=2)",
                "coverage(sharpness=4)", "coverage(beside=difference)",
            ] : ["projection(width=full)"]
        let heads = try stage.space.context.layers.flatMap { layer in
            try inputs.map { input in
                try stage.space.genotype(
                    "layer(of=\(layer)) > \(input) > \(stage.space.pooledMeans) > "
                        + "classifier(norm=standard,hidden=0,dropout=0)")
            }
        }
        return heads.filter { head in
            let graph = stage.space.graph(of: head)
            let width = graph.linearReadout?.body.output.width ?? 0
            return width * stage.parts[0].train.count <= Self.largestTable
        }
    }

    /// By successive halving over the parts; the last is tried on all of them.
    private func bestLinearHead() throws -> Record? {
        var alive = try contestants().map { Record(genotype: $0) }
        guard !alive.isEmpty else { return nil }
        for part in 0..<partCount {
            let counter = EpochCounter(
                stage: "linear heads", total: alive.count * LogisticPath.strengths.count,
                progress: stage.progress)
            let genotypes = alive.map(\.genotype)
            let data = stage.parts[part]
            let fits = try Parallel.map(count: alive.count, threads: stage.threads) { place, _ in
                try LogisticPath(
                    stage.space.graph(of: genotypes[place]), train: data.train, dev: data.dev,
                    classes: stage.space.context.classes,
                    balancesClasses: configuration.training.balancesClasses,
                    key: key.child(genotypes[place].description).child(part),
                    onFit: { try counter.add(1) }
                ).heads
            }
            for place in alive.indices { alive[place].add(fits[place]) }
            let ranked = alive.indices.sorted { a, b in
                let (x, y) = (alive[a].standing, alive[b].standing)
                return x != y ? x > y : a < b
            }
            let kept = part + 1 < Self.rounds ? (alive.count + 1) / 2 : 1
            alive = ranked.prefix(kept).map { alive[$0] }
        }
        return alive[0]
    }

    /// The linear head on all of train. Nothing in it is random: every seed gives the same.
    private func outcome(
        _ record: Record, _ searched: HeadDevelopment.Outcome
    ) -> HeadDevelopment.Outcome {
        var training = configuration.training
        training.strength = LogisticPath.strengths[record.best]
        training.epochs = 1
        return HeadDevelopment.Outcome(
            standings: searched.standings, best: nil, genotype: record.genotype,
            configuration: training, tuning: searched.tuning,
            seeds: Array(repeating: record.heads[record.best], count: configuration.seeds))
    }
}
