import Features
import Heads
import Metrics
import RunStore
import Support
import Training

/// Linear heads on the frozen features of every view, each fitted to its minimum: the control that
/// every search has to beat, and candidates for export in its place.
///
/// With few training rows a strongly penalised linear head is hard to beat, and a search must not
/// export anything worse.
struct LinearHeads: Sendable {
    let trainings: HeadTrainings
    let configuration: SelectionConfiguration
    /// In every view.
    let test: [FeatureSet]
    let key: RandomKey

    /// Enough held-out rows to tell one head from another: the standard error of a difference is
    /// then a point or less.
    private static let comparisonRows = 2000
    /// Most parts that linear heads other than the best are tried on.
    private static let rounds = 3
    /// Most numbers that a fit may hold in memory for its training rows.
    private static let largestTable = 1 << 26

    private var criterion: SelectionCriterion { configuration.training.criterion }

    /// Number of parts of the data that the best linear head and the search's best head are
    /// compared on.
    var comparisonParts: Int { trainings.partCount(holdingOut: Self.comparisonRows) }

    /// Mean pooling, for pairs that are encoded separately `[u, v, |u - v|, u * v]`, and a linear
    /// layer, on the highest layer, trained by AdamW: what most people fine-tune.
    static func trainable(in space: SearchSpace) throws -> Genotype {
        try space.genotype("projection(width=full) > \(space.pooledMeans) > classifier(hidden=0)")
    }

    /// Fits heads for every view's layers and every strength of the penalty.
    ///
    /// - Parameter competing: whether heads that read more than mean-pooled features are fitted
    ///   too, to find the best linear head of all.
    /// - Returns: the plain head that is best on dev; and the best of all, tried on
    ///   ``comparisonParts`` parts, `nil` where it was not requested or there is too much data.
    func run(competing: Bool) throws -> (plain: Entry, best: Entry?) {
        let plain = try heads { _ in ["projection(width=full)"] }
        let rivals = competing ? try heads(reading: Self.richInputs).filter(isSmall) : []
        let others = plain.filter { !rivals.contains($0) }
        let first = try fit(rivals + others, part: 0, extending: Set(plain))
        let records = try zip(rivals + others, first).filter { plain.contains($0.0) }
            .map { try Record($0, $1, criterion) }
        guard let place = records.map(\.score).ranking.first else {
            preconditionFailure("every space has a layer")
        }
        let best = records[place]
        // Rivals keep to the strong penalties that they were measured with.
        var alive = try zip(rivals, first).map {
            try Record($0, Array($1.prefix(LogisticPath.fewest)), criterion)
        }
        guard !alive.isEmpty else { return (entry(best, .linear), nil) }
        for part in 0..<comparisonParts {
            if part > 0 {
                let fits = try fit(alive.map(\.genotype), part: part)
                for place in alive.indices { try alive[place].add(fits[place]) }
            }
            let ranked = alive.map(\.score).ranking
            let kept = part + 1 < Self.rounds ? (alive.count + 1) / 2 : 1
            alive = ranked.prefix(kept).map { alive[$0] }
        }
        return (entry(best, .linear), entry(alive[0], .bestLinear))
    }

    /// What linear heads may read: for pairs also each token with its counterpart, and how well the
    /// tokens are covered.
    private static func richInputs(_ space: SearchSpace) -> [String] {
        guard space.context.segments == 2 else { return ["projection(width=full)"] }
        return [
            "projection(width=full)", "alignment(compare=difference,width=full)",
            "alignment(compare=concatenation,width=full)", "coverage(sharpness=2)",
            "coverage(sharpness=4)", "coverage(beside=difference)",
        ]
    }

    /// Heads on every layer of every view.
    private func heads(reading inputs: (SearchSpace) -> [String]) throws -> [Genotype] {
        try trainings.spaces.spaces.flatMap { space in
            try space.context.layers.flatMap { layer in
                try inputs(space).map { input in
                    try space.genotype(
                        "layer(of=\(layer)) > \(input) > \(space.pooledMeans) > "
                            + "classifier(norm=standard,hidden=0,dropout=0)")
                }
            }
        }
    }

    private func isSmall(_ genotype: Genotype) -> Bool {
        let width =
            trainings.spaces.graph(of: genotype).linearReadout?.body.output.width ?? 0
        return width * trainings.views[0][0].train.count <= Self.largestTable
    }

    /// For each head, a fit for each strength, with a part of the data held out.
    /// - Parameter extending: heads whose paths go on to weak penalties.
    private func fit(
        _ genotypes: [Genotype], part: Int, extending: Set<Genotype> = []
    ) throws -> [[TrainedHead]] {
        let counter = WorkCounter(
            stage: "linear heads", total: genotypes.count * LogisticPath.strengths.count,
            progress: trainings.progress)
        // A part's features are looked up once for all heads of a view.
        let views = trainings.views.map { $0[part] }
        return try Parallel.map(count: genotypes.count, threads: trainings.threads) { place, _ in
            let genotype = genotypes[place]
            let data = views[trainings.spaces.index(of: genotype)]
            let graph = trainings.spaces.graph(of: genotype)
            let extends = extending.contains(genotype)
            let heads = try trainings.memo.fit(
                places(genotype, part: part), graph, extends: extends
            ) {
                try LogisticPath(
                    graph, train: data.train, dev: data.dev,
                    classes: trainings.spaces.classes,
                    balancesClasses: configuration.training.balancesClasses,
                    extends: extends, criterion: criterion,
                    key: key.child(genotype.description).child(part),
                    onFit: { try counter.add(0) })
            }
            try counter.add(LogisticPath.strengths.count)
            return heads
        }
    }

    /// Where the fits are kept in a run's store, one key for each strength.
    private func places(_ genotype: Genotype, part: Int) -> [TrainingKey] {
        var builder = DigestBuilder()
        builder.add("\(key) \(configuration.training.balancesClasses) \(criterion) \(part)")
        let stage = "linear heads \(builder.hexadecimal().prefix(16))"
        return LogisticPath.strengths.indices.map {
            TrainingKey(stage: stage, index: $0, genotype: genotype.description)
        }
    }

    /// Nothing in an exact fit is random: every seed gives the same head.
    private func entry(_ record: Record, _ role: Role) -> Entry {
        let best = record.best
        let trials = record.fits.map { $0[best] }
        return Entry(
            role, record.genotype, .exact(strength: LogisticPath.strengths[best]),
            by: criterion, trials: trials
        ).trained(
            role, seeds: Array(repeating: trials[0], count: configuration.seeds),
            Entry.Reading(record.genotype, in: trainings.spaces, test: test))
    }

    /// A linear head's fits on the parts so far.
    private struct Record {
        let genotype: Genotype
        /// Part by part, a fit for each strength; only strengths that all parts have are compared.
        private(set) var fits: [[TrainedHead]] = []
        private let criterion: SelectionCriterion
        /// The index of the best strength over all parts; the stronger penalty where several are
        /// equal.
        private(set) var best = 0
        private(set) var score = SelectionScore(value: -.infinity, crossEntropy: .infinity)

        init(_ genotype: Genotype, _ first: [TrainedHead], _ criterion: SelectionCriterion) throws {
            self.genotype = genotype
            self.criterion = criterion
            try add(first)
        }

        mutating func add(_ heads: [TrainedHead]) throws {
            fits.append(heads)
            let strengths = fits.map(\.count).min() ?? 0
            let scores = try (0..<strengths).map { strength in
                try criterion.score(pooling: fits.map { $0[strength].dev })
            }
            best = scores.ranking.first ?? 0
            score = scores[best]
        }
    }
}
