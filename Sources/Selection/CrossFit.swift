import Features
import Foundation
import Heads
import Metrics
import Support
import Training

/// Exact linear heads on some rows, each answering for rows that it was not fitted on: every fold is held out
/// once, so that there is an honest answer for every row.
///
///     let fit = CrossFit(labels: features.labels, threads: 2, progress: nil, key: key)
///     let heads = try fit.run([head], in: space, features)
///     let answers = heads[0].best
public struct CrossFit: Sendable {
    /// A head's answers for all rows, in their order.
    public struct Head: Sendable {
        /// The head.
        public let genotype: Genotype
        /// What it says of every row while that was held out, for each strength of the penalty that all folds have.
        public let predictions: [Predictions]
        /// The cross entropy of each strength in each fold, `[strengths][folds]`, in nats a row.
        let losses: [[Double]]
        let counts: [Int]

        /// The answers of the strength with the least cross entropy over all folds.
        public var best: Predictions { predictions[bestStrength(without: nil)] }

        /// The strength with the least cross entropy over all folds but one.
        public func bestStrength(without fold: Int?) -> Int {
            losses.indices.min {
                (loss($0, without: fold), $0) < (loss($1, without: fold), $1)
            } ?? 0
        }

        /// The cross entropy of a strength over all folds but one, in nats a row.
        public func loss(_ strength: Int, without fold: Int?) -> Double {
            let folds = counts.indices.filter { $0 != fold }
            let rows = folds.reduce(0) { $0 + counts[$1] }
            return folds.reduce(0) { $0 + losses[strength][$1] * Double(counts[$1]) }
                / Double(max(1, rows))
        }
    }

    /// The fold of every row.
    public let folds: [Int]
    /// Number of folds.
    public let count: Int
    private let threads: Int
    private let progress: ProgressHandler?
    private let key: RandomKey

    /// - Parameters:
    ///   - labels: the class of every row; each is spread evenly over the folds.
    ///   - groups: rows of one number are held out together; `nil` where each is its own.
    ///   - count: folds at most.
    ///   - threads: the answers do not depend on it.
    ///   - key: decides the folds.
    /// - Precondition: two rows at least, not all in one group.
    public init(
        labels: [Int32], groups: [Int]? = nil, count: Int = HeldOutParts.standardFolds,
        threads: Int, progress: ProgressHandler?, key: RandomKey
    ) {
        self.threads = threads
        self.progress = progress
        self.key = key
        let distinct = groups.map { Set($0).count } ?? labels.count
        precondition(distinct > 1, "something to fit on, and something to hold out")
        self.count = max(2, min(count, distinct))
        folds = HeldOutParts.folds(
            labels, count: self.count, together: groups, key: key.child("folds"))
    }

    /// Fits heads, each with every fold held out.
    /// - Parameters:
    ///   - heads: heads of the space that can be fitted exactly.
    ///   - features: those of the rows that the folds are of.
    /// - Throws: `TrainingError`, `Interrupted`, and what reading the features throws.
    public func run(
        _ heads: [Genotype], in space: SearchSpace, _ features: FeatureSet
    ) throws -> [Head] {
        precondition(features.count == folds.count, "a fold for every row")
        let inside = (0..<count).map { fold in folds.indices.filter { folds[$0] == fold } }
        let parts = (0..<count).map { fold in
            (
                train: features.subset(folds.indices.filter { folds[$0] != fold }),
                dev: features.subset(inside[fold])
            )
        }
        let counter = WorkCounter(
            stage: "linear heads", total: heads.count * count, unit: "fits", progress: progress)
        let fits = try Parallel.map(count: heads.count * count, threads: threads) { place, _ in
            let (head, fold) = (heads[place / count], place % count)
            let path = try LogisticPath(
                space.graph(of: head), train: parts[fold].train, dev: parts[fold].dev,
                classes: space.context.classes, key: key.child(head.description).child(fold),
                onFit: { try counter.add(0) })
            try counter.add(1)
            return path.heads.map(\.dev)
        }
        return try heads.indices.map { head in
            try merge(heads[head], Array(fits[head * count..<(head + 1) * count]), inside)
        }
    }

    /// Puts the folds' answers in the order of the rows.
    private func merge(
        _ genotype: Genotype, _ fits: [[Predictions]], _ inside: [[Int]]
    ) throws -> Head {
        let strengths = fits.map(\.count).min() ?? 0
        var order = [Int](repeating: 0, count: folds.count)
        for (place, row) in inside.joined().enumerated() { order[row] = place }
        return Head(
            genotype: genotype,
            predictions: try (0..<strengths).map { strength in
                try Predictions(pooling: fits.map { $0[strength] }).rows(order)
            },
            losses: (0..<strengths).map { strength in
                fits.map { $0[strength].crossEntropy(temperature: 1) }
            },
            counts: inside.map(\.count))
    }

    /// Answers of several heads where each fold's are those of the head and the strength that are best on the
    /// other folds: a choice that has not seen what it is judged by.
    /// - Throws: `MetricsError`.
    public func chosen(among heads: [Head]) throws -> Predictions {
        try Predictions.crossFitted(folds: folds) { inside, _ in
            let fold = folds[inside[0]]
            let strengths = heads.map { $0.bestStrength(without: fold) }
            let losses = heads.indices.map { heads[$0].loss(strengths[$0], without: fold) }
            let best = losses.indices.min { (losses[$0], $0) < (losses[$1], $1) } ?? 0
            return heads[best].predictions[strengths[best]].rows(inside)
        }
    }
}
