import Features
import Heads
import Metrics
import RunStore
import Support
import Training

/// Linear heads on the encoder's frozen features, each fitted to its minimum: the control that every
/// search has to beat, and contestants for the portfolio.
///
/// With few training rows a strongly penalised linear head is hard to beat, and costs seconds.
public struct LinearHeads: Sendable {
    let contest: Contest
    let key: RandomKey

    /// Heads that are tried on every part: of those that read what mean pooling gives, and of the
    /// others.
    private static let finalists = 4
    /// Most numbers that a fit may hold in memory for its training rows.
    private static let largestTable = 1 << 26

    private var trainings: HeadTrainings { contest.trainings }
    private var criterion: SelectionCriterion { contest.criterion }

    /// Mean pooling, for pairs that are encoded separately `[u, v, |u - v|, u * v]`, and a linear
    /// layer, on the highest layer, trained by AdamW: what most people fine-tune.
    static func trainable(in space: SearchSpace) throws -> Genotype {
        try space.genotype("projection(width=full) > \(space.pooledMeans) > classifier(hidden=0)")
    }

    /// Fits heads for every view's layers and every strength of the penalty.
    ///
    /// All are fitted with dev held out, the best ones with each further part; the strength is the best
    /// over all parts.
    ///
    /// - Parameter competing: whether heads may become members of a portfolio: then those that read
    ///   more than mean-pooled features are fitted too.
    /// - Returns: those that were tried on every part, the best plain one first, then best first.
    func run(competing: Bool) throws -> [Entry] {
        let plain =
            contest.fewRows == nil
            ? try heads { _ in ["projection(width=full)"] } : try headsOfFewRows()
        let rich = competing ? try heads(reading: Self.richInputs).filter(isSmall) : []
        // Dev of few rows is too small to choose by.
        let count = contest.fewRows != nil ? plain.count : competing ? Self.finalists : 1
        // A run that ends early takes what was fitted; there is always a plain one.
        var best = try finalists(plain, .linear, count: count, isWanted: false)
        if best.isEmpty { best = try finalists(plain, .linear, count: count, isWanted: true) }
        best += try finalists(rich, .richLinear, count: count, isWanted: false)
        return [best[0]] + Entry.ranking(Array(best[1...])).map { best[$0 + 1] }
    }

    /// The plain head on a view's highest layer, with dev held out: where fine-tuning begins.
    ///
    /// On the frozen encoder a lower layer often does better, but what is trained then is the fewer layers: on MRPC
    /// 7 of 12 layers end at 0.81, all of them at 0.83.
    /// - Returns: `nil` where the view has no layer above the embeddings.
    func start(inView view: Int) throws -> Entry? {
        let space = trainings.spaces.spaces[view]
        guard let layer = space.context.layers.max(), layer > 0 else { return nil }
        let genotype = try Self.head(in: space, layer: layer)
        // Its penalty is chosen by cross entropy: what it is sure of is what training begins with.
        return try fit([genotype], part: 0, isWanted: true)[0].map {
            entry(try Record(genotype, $0, criterion, isFew: true), .linear)
        }
    }

    /// The best of some heads, tried on every part, best first.
    /// - Parameters:
    ///   - count: heads that are tried on every part.
    ///   - isWanted: whether they are fitted even where the run ends with what there is.
    private func finalists(
        _ genotypes: [Genotype], _ role: Role, count: Int, isWanted: Bool
    ) throws -> [Entry] {
        let first = try zip(genotypes, fit(genotypes, part: 0, isWanted: isWanted)).compactMap {
            genotype, fits in
            try fits.map {
                try Record(genotype, $0, criterion, isFew: contest.fewRows != nil)
            }
        }
        let order = Funnel.ranking(first.map { entry($0, role) })
        var records = order.prefix(count).map { first[$0] }
        for part in 1..<max(1, contest.parts) {
            let fits = try fit(records.map(\.genotype), part: part, isWanted: isWanted)
            for place in records.indices {
                if let heads = fits[place] { try records[place].add(heads) }
            }
        }
        let entries = records.filter { $0.fits.count == max(1, contest.parts) }
            .map { entry($0, role) }
        return Funnel.ranking(entries).map { entries[$0] }
    }

    /// A head fitted to all rows but those of test, with its strength of the penalty.
    func refitted(_ entry: Entry) throws -> Entry { try refitted([entry])[0] }

    /// Heads fitted to all rows but those of test, side by side, each with its strength of the penalty.
    func refitted(_ entries: [Entry]) throws -> [Entry] {
        let fits = try fit(
            entries.map(\.genotype), part: trainings.everything, isWanted: true)
        return zip(entries, fits).map { entry, fits in
            guard case .exact(let strength) = entry.recipe, let fits,
                let place = LogisticPath.strengths.firstIndex(of: strength)
            else { preconditionFailure("only exact fits are fitted here, and all that are wanted") }
            // A path may end before weak penalties.
            return entry.answering([fits[min(place, fits.count - 1)]])
        }
    }

    /// What linear heads may read beside mean-pooled features: for pairs each token with its
    /// counterpart, and how well the tokens are covered.
    static func richInputs(_ space: SearchSpace) -> [String] {
        guard space.context.segments == 2 else { return [] }
        return [
            "alignment(compare=difference,width=full)",
            "alignment(compare=concatenation,width=full)", "coverage(sharpness=2)",
            "coverage(sharpness=4)", "coverage(beside=difference)",
        ]
    }

    /// Heads that can be fitted exactly on every layer of a space, those that read mean-pooled features first.
    /// - Parameter examples: how many there are to train on: heads that would read too much of them are
    ///   left out.
    public static func all(in space: SearchSpace, examples: Int) throws -> [Genotype] {
        let plain = try space.context.layers.map { try head(in: space, layer: $0) }
        let rich = try space.context.layers.flatMap { layer in
            try richInputs(space).map { try head(in: space, layer: layer, reading: $0) }
        }.filter {
            (space.graph(of: $0).linearReadout?.body.output.width ?? 0) * examples <= largestTable
        }
        return plain + rich
    }

    /// Heads on every layer of every view.
    private func heads(reading inputs: (SearchSpace) -> [String]) throws -> [Genotype] {
        try trainings.spaces.spaces.flatMap { space in
            try space.context.layers.flatMap { layer in
                try inputs(space).map { try Self.head(in: space, layer: layer, reading: $0) }
            }
        }
    }

    /// Heads on the two highest layers of every view (for pairs, on all), with features of equal variance and as they
    /// are: few rows cannot tell which of many is the best, and these are good on most tasks.
    private func headsOfFewRows() throws -> [Genotype] {
        try trainings.spaces.spaces.flatMap { space in
            let layers = space.context.layers
            return try (space.context.segments == 2 ? layers : layers.suffix(2)).flatMap { layer in
                try ["standard", "none"].map {
                    try Self.head(in: space, layer: layer, norm: $0)
                }
            }
        }
    }

    /// A head that can be fitted exactly.
    /// - Parameter norm: `standard` gives every feature the same variance, which a few dozen rows cannot tell;
    ///   `none` leaves features as the encoder has them.
    public static func head(
        in space: SearchSpace, layer: Int, reading input: String = "projection(width=full)",
        norm: String = "standard"
    ) throws -> Genotype {
        try space.genotype(
            "layer(of=\(layer)) > \(input) > \(space.pooledMeans) > "
                + "classifier(norm=\(norm),hidden=0,dropout=0)")
    }

    private func isSmall(_ genotype: Genotype) -> Bool {
        let width =
            trainings.spaces.graph(of: genotype).linearReadout?.body.output.width ?? 0
        return width * trainings.views[0][0].train.count <= Self.largestTable
    }

    /// For each head, a fit for each strength, with a part of the data held out; `nil` for one that is left
    /// out as the run is to end.
    private func fit(
        _ genotypes: [Genotype], part: Int, isWanted: Bool
    ) throws -> [[TrainedHead]?] {
        let counter = WorkCounter(
            stage: "linear heads", total: genotypes.count * LogisticPath.strengths.count,
            unit: "fits", progress: trainings.progress)
        // A part's features are looked up once for all heads of a view.
        let views = trainings.views.map { $0[part] }
        return try Parallel.map(count: genotypes.count, threads: trainings.threads) { place, _ in
            let genotype = genotypes[place]
            let data = views[trainings.spaces.index(of: genotype)]
            let graph = trainings.spaces.graph(of: genotype)
            let keys = places(genotype, part: part)
            do {
                let heads = try trainings.memo.fit(keys, graph, isWanted: isWanted) {
                    try LogisticPath(
                        graph, train: data.train, dev: data.dev,
                        classes: trainings.spaces.classes,
                        balancesClasses: contest.configuration.training.balancesClasses,
                        criterion: criterion,
                        key: key.child(genotype.description).child(part),
                        onFit: { try counter.add(0) })
                }
                try counter.add(LogisticPath.strengths.count)
                return heads
            } catch is LeftOut {
                return nil
            }
        }
    }

    /// Where the fits are kept in a run's store, one key for each strength.
    private func places(_ genotype: Genotype, part: Int) -> [TrainingKey] {
        var builder = DigestBuilder()
        builder.add(
            "\(key) \(contest.configuration.training.balancesClasses) \(criterion) \(part)")
        let stage = "linear heads \(builder.hexadecimal().prefix(16))"
        return LogisticPath.strengths.indices.map {
            TrainingKey(stage: stage, index: $0, genotype: genotype.description)
        }
    }

    private func entry(_ record: Record, _ role: Role) -> Entry {
        var entry = contest.entry(
            role, record.genotype, .exact(strength: LogisticPath.strengths[record.best]))
        for fits in record.fits { entry.add(fits[record.best]) }
        return entry
    }

    /// A linear head's fits on the parts so far.
    private struct Record {
        let genotype: Genotype
        /// Part by part, a fit for each strength; only strengths that all parts have are compared.
        private(set) var fits: [[TrainedHead]] = []
        private let criterion: SelectionCriterion
        /// Whether strengths are compared by cross entropy alone: of few rows, one more or less that is right
        /// says nothing.
        private let isFew: Bool
        /// The index of the best strength over all parts; the stronger penalty where several are
        /// equal.
        private(set) var best = 0

        init(
            _ genotype: Genotype, _ first: [TrainedHead], _ criterion: SelectionCriterion,
            isFew: Bool
        ) throws {
            self.genotype = genotype
            self.criterion = criterion
            self.isFew = isFew
            try add(first)
        }

        mutating func add(_ heads: [TrainedHead]) throws {
            fits.append(heads)
            let strengths = fits.map(\.count).min() ?? 0
            let scores = try (0..<strengths).map { strength in
                try criterion.score(pooling: fits.map { $0[strength].dev })
            }
            best =
                (isFew
                ? scores.map { SelectionScore(value: 0, crossEntropy: $0.crossEntropy) } : scores)
                .ranking.first ?? 0
        }
    }
}

extension SearchSpace {
    /// Mean pooling of a text, or of a pair's two texts, as part of a genotype: what simple heads
    /// read.
    var pooledMeans: String {
        context.segments == 2 ? "pool-mean > pair(kind=all)" : "pool-mean"
    }
}
