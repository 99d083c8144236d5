import Features
import Foundation
import Heads
import Metrics
import Support
import Tasks
import Training

/// How much of a task's labels can be read from one hidden state of an encoder.
public struct LayerFinding: Sendable, Hashable, Codable {
    /// The view, where there are several.
    public var view: String?
    /// The hidden state; 0 is the embeddings' output.
    public var layer: Int
    /// Held-out accuracy of an exactly fitted linear head on a sample of the training rows; `nil` where
    /// numbers are predicted.
    public var accuracy: Double?
    /// Its cross entropy on them, in nats; of numbers the mean squared error in units of their variance.
    public var crossEntropy: Double
    /// Whether the search's heads may read it.
    public var isKept: Bool
}

/// Finds out which of an encoder's layers are worth keeping for all rows: that depends on the task, and
/// features of all layers would fill disks. On a sample of the training rows a linear head is fitted
/// exactly on every layer, and tried on the half that it was not fitted on (Alain and Bengio,
/// Understanding intermediate layers using linear classifier probes, ICLR workshop 2017).
public struct LayerProbe: Sendable {
    /// Rows of the sample.
    public static let rows = 500
    /// Layers that are kept in each view; heads also read their learned mix.
    static let kept = 4
    /// Layers of one encoder that count as one place: neighbours say nearly the same, and heads that answer
    /// together should not.
    private static let places = 6

    let threads: Int
    let progress: ProgressHandler?
    /// Decides the sample.
    let key: RandomKey

    /// - Parameters:
    ///   - threads: the findings do not depend on it.
    ///   - key: decides the sample.
    public init(threads: Int, progress: ProgressHandler?, key: RandomKey) {
        self.threads = threads
        self.progress = progress
        self.key = key
    }

    /// Probes the layers of every view.
    /// - Throws: `EncoderError`, `FeatureError`, `Interrupted` and the like.
    public func run(_ prepared: Preparation) throws -> [LayerFinding] {
        let train = prepared.dataset.train
        var generator = key.child("rows").generator()
        // In the order of the split: where it is small, its cached features are the sample's.
        let sample = Array(train.indices.shuffled(using: &generator).prefix(Self.rows).sorted())
        return try prepared.views.flatMap { view in
            try probe(
                view, sample.count == train.count ? train : sample.map { train[$0] },
                isFew: prepared.dataset.fewRows != nil)
        }
    }

    /// - Parameter isFew: whether there are few rows: then the two highest layers are kept whatever the
    ///   probe says.
    private func probe(
        _ view: View, _ examples: [Example], isFew: Bool
    ) throws -> [LayerFinding] {
        let features = try view.features.features(of: examples)
        let layers = view.space.context.layers
        let halves = HeldOutParts.folds(
            features.targets.strata, count: 2, together: TextGroups(examples).of,
            key: key.child("halves"))
        let parts = [0, 1].map { half in
            features.subset((0..<features.count).filter { halves[$0] == half })
        }
        guard parts.allSatisfy({ $0.count > 0 }) else { return findings(view, layers, nil, isFew) }
        let counter = WorkCounter(
            stage: "layers", total: 2 * layers.count, unit: "fits", progress: progress)
        let fits = try Parallel.map(count: 2 * layers.count, threads: threads) { place, _ in
            let head = try Self.head(in: view.space, layer: layers[place / 2])
            let path = try LogisticPath(
                view.space.graph(of: head), train: parts[place % 2], dev: parts[1 - place % 2],
                classes: view.space.context.classes,
                key: key.child(head.description).child(place % 2), onFit: { try counter.add(0) })
            try counter.add(1)
            return path.heads.map(\.dev)
        }
        return findings(
            view, layers,
            try layers.indices.map { try Self.best(fits[2 * $0], fits[2 * $0 + 1]) }, isFew)
    }

    /// What tells layers apart: for single texts their mean tokens. How two texts differ shows in their
    /// tokens beside their counterparts: on MRPC means are as good from the lowest layers as from the
    /// highest, though heads on the middle ones are the best.
    /// - Throws: `GenotypeError` where the space has no such layer.
    public static func head(in space: SearchSpace, layer: Int) throws -> Genotype {
        space.context.segments == 2
            ? try LinearHeads.head(
                in: space, layer: layer,
                reading: "alignment(compare=concatenation,width=full)")
            : try LinearHeads.head(in: space, layer: layer)
    }

    /// The metrics of the best strength of the penalty over both halves.
    private static func best(
        _ first: [Predictions], _ second: [Predictions]
    ) throws -> ClassificationMetrics {
        let all = try zip(first, second).map {
            ClassificationMetrics(try Predictions(pooling: [$0, $1]))
        }
        return all.min { $0.loss < $1.loss }!
    }

    /// The best layers that are not neighbours, where an encoder has many; then the best of the others.
    /// - Parameter order: all layers by index, best first.
    /// - Parameter first: layers that are kept in any case.
    static func apart(_ order: [Int], first: Set<Int> = []) -> Set<Int> {
        var kept = first
        for distance in [max(1, order.count / places), 1] {
            for place in order where kept.count < Self.kept {
                if kept.allSatisfy({ abs($0 - place) >= distance }) { kept.insert(place) }
            }
        }
        return kept
    }

    /// - Parameter metrics: of each layer; `nil` keeps the highest.
    private func findings(
        _ view: View, _ layers: [Int], _ metrics: [ClassificationMetrics]?, _ isFew: Bool
    ) -> [LayerFinding] {
        let order = layers.indices.sorted { a, b in
            let (x, y) = (metrics?[a].loss ?? 0, metrics?[b].loss ?? 0)
            return x != y ? x < y : a > b
        }
        let kept = Self.apart(
            order,
            first: isFew && view.space.context.segments == 1 ? Set(layers.indices.suffix(2)) : [])
        return layers.indices.map { place in
            LayerFinding(
                view: view.name, layer: layers[place],
                accuracy: metrics.map { $0[place].knownAccuracy } ?? 0,
                crossEntropy: metrics?[place].loss ?? 0, isKept: kept.contains(place))
        }
    }
}

extension Preparation {
    /// The same task with views that have the kept layers only, or others of those that were probed.
    public func reading(
        _ findings: [LayerFinding], where isWanted: (LayerFinding) -> Bool = { $0.isKept }
    ) -> Preparation {
        Preparation(
            dataset,
            views: views.map { view in
                let kept = findings.filter { $0.view == view.name && isWanted($0) }.map(\.layer)
                return kept.isEmpty ? view : view.reading(layers: kept)
            })
    }
}
