import Features
import Heads
import Metrics
import Selection
import Support
import Tasks
import Training

/// The exact linear head for some rows: layer, norm and penalty are those with the least cross entropy while each
/// fold of the rows was held out, the weights are fitted to all of them.
struct ExactHead: Sendable {
    /// The head that was chosen.
    let genotype: Genotype
    /// Its weights.
    let head: TrainedHead
    /// What the chosen head says of each row while that was held out.
    let heldOut: Predictions

    /// - Parameters:
    ///   - features: of the rows; each has one class.
    ///   - groups: rows of one number are held out together.
    ///   - heads: heads to choose from, which can be fitted exactly.
    /// - Throws: `TrainingError`, `Interrupted`, and what reading the features throws.
    /// - Precondition: two rows at least, not all in one group.
    init(
        _ features: FeatureSet, groups: [Int], of heads: [Genotype], in space: SearchSpace,
        threads: Int, key: RandomKey
    ) throws {
        let sizes = Dictionary(features.labels.map { ($0, 1) }, uniquingKeysWith: +).values.sorted()
        let fit = CrossFit(
            labels: features.labels, groups: groups,
            count: min(HeldOutParts.standardFolds, sizes[sizes.count / 2]), threads: threads,
            progress: nil, key: key.child("folds"))
        let tried = try fit.run(heads, in: space, features)
        let strengths = tried.map { $0.bestStrength(without: nil) }
        let losses = tried.indices.map { tried[$0].loss(strengths[$0], without: nil) }
        let best = losses.indices.min { (losses[$0], $0) < (losses[$1], $1) } ?? 0
        genotype = heads[best]
        heldOut = tried[best].predictions[strengths[best]]
        // On the rows that it is fitted to, a weaker penalty is always better: the path is whole.
        let path = try LogisticPath(
            space.graph(of: genotype), train: features, dev: features,
            classes: space.context.classes, key: key.child("fit"))
        head = path.heads[min(strengths[best], path.heads.count - 1)]
    }

    /// What it says of other rows.
    func predictions(_ features: FeatureSet, classes: Int) throws -> Predictions {
        try predict(
            head.graph, head.parameters, features, classes: classes, encoderIsTrained: false,
            threads: 1)
    }

    /// The heads to choose from: one on every layer of a view, and for few rows another that leaves the features
    /// as they are.
    static func choices(in space: SearchSpace, isFew: Bool) throws -> [Genotype] {
        let plain = try space.context.layers.map { try LayerProbe.head(in: space, layer: $0) }
        guard isFew, space.context.segments == 1 else { return plain }
        return try plain
            + space.context.layers.map { try LinearHeads.head(in: space, layer: $0, norm: "none") }
    }
}

/// The rows of a task that may be learnt from, with the features that the exact linear head reads.
struct LabelledRows: Sendable {
    /// The view with the layers that a search would keep.
    let view: View
    /// Of train, then of dev.
    let features: FeatureSet
    /// The group of each row: rows that share a text are together.
    let groups: [Int]
    /// The rows.
    let examples: [Example]

    /// - Parameter prepared: a task with one view.
    /// - Throws: `EncoderError`, `FeatureError`, `Interrupted` and the like.
    init(
        _ prepared: Preparation, threads: Int, progress: ProgressHandler?, key: RandomKey
    ) throws {
        var pooled = prepared.dataset
        pooled.train += pooled.dev
        pooled.dev = []
        let whole = Preparation(pooled, views: prepared.views.map { $0.reading(pooled) })
        let findings = try LayerProbe(
            threads: threads, progress: progress, key: key.child("layers")
        ).run(whole)
        view = whole.reading(findings).views[0]
        features = try view.features.features(.train)
        examples = pooled.train
        groups = TextGroups(examples).of
    }
}
