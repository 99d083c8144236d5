import Features
import Foundation
import Heads
import Metrics
import Support
import Tasks

/// `config.json` of a model directory: everything that is not a number of a head.
///
/// A model is a portfolio: heads over one or several views of the texts, whose probabilities are
/// mixed by their weights and then sharpened or flattened by one temperature (``Ensemble``). A
/// single head is a portfolio of one.
public struct ModelConfiguration: Sendable, Hashable, Codable {
    /// The encoder that heads are built on.
    public struct EncoderReference: Sendable, Hashable, Codable {
        /// The name it was installed under, or the last part of a path to it; models of before
        /// version 0.2 may have a whole path.
        public var name: String
        /// Its digest; a model does not run on another encoder.
        public var digest: String
        /// Whether the encoder's files are in the model's directory, so none has to be installed.
        public var isIncluded: Bool?

        public init(name: String, digest: String, isIncluded: Bool? = nil) {
            self.name = name
            self.digest = digest
            self.isIncluded = isIncluded
        }
    }

    /// Encoder layers that were trained with the head and belong to the model.
    public struct FineTuning: Sendable, Hashable, Codable {
        /// The lowest of them, from 1.
        public var firstLayer: Int
        /// The highest of them.
        public var lastLayer: Int
        /// The hidden states that the head reads, trained ones among them, ascending.
        public var headLayers: [Int]
        /// The linear head that the head is added to, gated; `nil` where it answers by itself.
        public var linear: LinearPart?
        /// The prefix of the encoder's weight names.
        public var weightPrefix: String

        /// A linear head beside the head that was searched (``FineTuneGraph``).
        public struct LinearPart: Sendable, Hashable, Codable {
            /// The linear head, as `--head` accepts it.
            public var genotype: String
            /// The hidden states that it reads, ascending.
            public var layers: [Int]

            public init(genotype: String, layers: [Int]) {
                self.genotype = genotype
                self.layers = layers
            }
        }

        /// All hidden states that are read, ascending.
        var readLayers: [Int] { Set(headLayers + (linear?.layers ?? [])).sorted() }

        public init(
            firstLayer: Int, lastLayer: Int, headLayers: [Int], linear: LinearPart? = nil,
            weightPrefix: String
        ) {
            self.firstLayer = firstLayer
            self.lastLayer = lastLayer
            self.headLayers = headLayers
            self.linear = linear
            self.weightPrefix = weightPrefix
        }
    }

    /// A way to turn texts into features: an encoder, how pairs enter it, and the hidden states
    /// that are kept. It runs once for all heads that read it.
    public struct View: Sendable, Hashable, Codable {
        public var encoder: EncoderReference
        public var pairing: Pairing
        /// The hidden states that the graphs of the view's members read, ascending; 0 is the
        /// embeddings' output.
        public var layers: [Int]
        /// Longest sequence in tokens.
        public var maximumLength: Int
        /// Features per token and hidden state.
        public var width: Int
        /// The encoder layers in the head's graph, where some were fine-tuned. One view of a model at most
        /// has some, and one head reads it; other views may read the same encoder unchanged.
        public var fineTuning: FineTuning?

        public init(
            encoder: EncoderReference, pairing: Pairing, layers: [Int], maximumLength: Int,
            width: Int, fineTuning: FineTuning? = nil
        ) {
            self.encoder = encoder
            self.pairing = pairing
            self.layers = layers
            self.maximumLength = maximumLength
            self.width = width
            self.fineTuning = fineTuning
        }

        /// How the view's features are made.
        public var features: FeatureConfiguration {
            FeatureConfiguration(
                layers: layers, pairing: pairing, maximumLength: maximumLength)
        }
    }

    /// A head, trained once or with several seeds.
    public struct Member: Sendable, Hashable, Codable {
        /// The head, as `--head` accepts it.
        public var genotype: String
        /// Index of its view in ``ModelConfiguration/views``.
        public var view: Int
        /// The hidden states that are the input slots of its graph, ascending, all of them its
        /// view's. Without fine-tuning those are the layers of the context that it is built for.
        public var layers: [Int]
        /// Its share in the mixture; positive, and all members' add up to 1.
        public var weight: Double
        /// Trainings of it, whose probabilities are averaged.
        public var replicas: Int

        public init(
            genotype: String, view: Int = 0, layers: [Int], weight: Double = 1, replicas: Int = 1
        ) {
            self.genotype = genotype
            self.view = view
            self.layers = layers
            self.weight = weight
            self.replicas = replicas
        }
    }

    /// How familiar texts are told from others: what is measured, and what texts like those of training have.
    public struct FamiliarTexts: Sendable, Hashable, Codable {
        /// Index in ``ModelConfiguration/views`` of the view that is measured.
        public var view: Int
        /// The hidden state of that view whose mean is measured.
        public var layer: Int
        /// Distances of held-out rows to the nearest class, ascending (``Familiarity``).
        public var distances: ConformalScores

        public init(view: Int, layer: Int, distances: ConformalScores) {
            self.view = view
            self.layer = layer
            self.distances = distances
        }
    }

    /// The version of the layout that is written for models that choose one class.
    static let currentVersion = 5
    /// That for models with other targets, which earlier programs would take for classes.
    static let targetVersion = 6
    /// That for fine-tuned layers beside other views, or under a head that is gated beside a linear one.
    static let tuningVersion = 7

    /// Version of the layout: that which is written, also where an older one was read.
    public private(set) var formatVersion = Self.currentVersion
    public var task: String
    /// Whether the task has two texts.
    public var hasPairs: Bool
    /// What it answers with; `nil` is one class.
    public private(set) var target: TargetKind?
    /// Class names, by index; or those of the labels that a text may have. None where it answers with a
    /// number.
    public var labels: [TaskLabel]
    /// For each label from which probability on a text is said to have it; only with ``TargetKind/labels``.
    public private(set) var thresholds: [Float]?
    /// Mean and deviation of the training rows' numbers: outputs are in units of the deviation. Only with
    /// ``TargetKind/number``.
    public private(set) var scale: NumberScale?
    /// Index of the positive class, for F1, in tasks that have one.
    public var positiveLabel: Int?
    /// What the logarithms of the mixed probabilities are divided by; of labels, the logits of theirs.
    public var temperature: Double
    /// What the members read.
    public var views: [View] {
        didSet { formatVersion = neededVersion }
    }
    /// The heads that answer together.
    public var members: [Member]
    /// How far the model was off on rows that it had not seen: what sets of classes and intervals of numbers
    /// with a promised coverage follow from. `nil` with several labels a text, and in models of earlier
    /// versions.
    public var conformal: ConformalScores?
    /// What tells familiar texts from others; `nil` in models of earlier versions, and where there were too few
    /// rows.
    public var familiarity: FamiliarTexts?

    public init(
        task: String, hasPairs: Bool, labels: [TaskLabel], positiveLabel: Int?, views: [View],
        members: [Member], temperature: Double = 1
    ) {
        self.task = task
        self.hasPairs = hasPairs
        self.labels = labels
        self.positiveLabel = positiveLabel
        self.temperature = temperature
        self.views = views
        self.members = members
        formatVersion = neededVersion
    }

    /// A model for targets of any kind.
    /// - Parameter thresholds: one for each label; `nil`: 0.5.
    public init(
        task: String, hasPairs: Bool, labels: [TaskLabel], targets: TargetSpace,
        positiveLabel: Int?, views: [View], members: [Member], temperature: Double = 1,
        thresholds: [Float]? = nil
    ) {
        self.init(
            task: task, hasPairs: hasPairs, labels: labels, positiveLabel: positiveLabel,
            views: views, members: members, temperature: temperature)
        switch targets {
        case .classes: return
        case .labels(let count):
            target = .labels
            self.thresholds = thresholds ?? Array(repeating: 0.5, count: count)
        case .number(let scale):
            target = .number
            self.scale = scale
        }
        formatVersion = neededVersion
    }

    /// A model of one head.
    /// - Parameters:
    ///   - layers: the hidden states that the head's graph reads.
    ///   - replicas: trainings of the head, whose probabilities are averaged.
    public init(
        task: String, encoder: EncoderReference, layers: [Int], pairing: Pairing, hasPairs: Bool,
        maximumLength: Int, genotype: String, labels: [TaskLabel], positiveLabel: Int?,
        width: Int, replicas: Int = 1, fineTuning: FineTuning? = nil
    ) {
        self.init(
            task: task, hasPairs: hasPairs, labels: labels, positiveLabel: positiveLabel,
            views: [
                View(
                    encoder: encoder, pairing: pairing, layers: layers,
                    maximumLength: maximumLength, width: width, fineTuning: fineTuning)
            ],
            members: [Member(genotype: genotype, layers: layers, replicas: replicas)])
    }

    // MARK: What follows from it

    /// The lowest version of the layout that can hold it, from ``currentVersion``.
    var neededVersion: Int {
        let tuned = views.compactMap(\.fineTuning)
        if !tuned.isEmpty, views.count > 1 || tuned.contains(where: { $0.linear != nil }) {
            return Self.tuningVersion
        }
        return target == nil ? Self.currentVersion : Self.targetVersion
    }

    /// What it answers with.
    public var targets: TargetSpace {
        switch target ?? .oneClass {
        case .oneClass: .classes(labels.count)
        case .labels: .labels(labels.count)
        case .number: .number(scale ?? NumberScale())
        }
    }

    /// Sequences per example in a view.
    public func segments(ofView view: Int) -> Int {
        views[view].features.segments(hasPairs: hasPairs)
    }

    /// The context that a member's head is built for.
    public func context(ofMember place: Int) -> HeadContext {
        let member = members[place]
        let view = views[member.view]
        return HeadContext(
            inputWidth: view.width, classes: targets.outputs,
            segments: segments(ofView: member.view),
            layers: view.fineTuning?.headLayers ?? member.layers)
    }

    /// Where a member's layers lie among those of its view.
    public func slots(ofMember place: Int) -> [Int] {
        let member = members[place]
        return member.layers.compactMap { views[member.view].layers.firstIndex(of: $0) }
    }

    /// Trained heads in total, replicas counted.
    public var headCount: Int { members.reduce(0) { $0 + $1.replicas } }

    /// For each view the index of the first view with the same encoder.
    public var encoderPlaces: [Int] {
        views.map { view in
            views.firstIndex { $0.encoder.digest == view.encoder.digest } ?? 0
        }
    }

    /// The prefix of a trained head's tensor names; empty for a single head.
    func prefix(member: Int, replica: Int) -> String {
        headCount == 1 ? "" : "member.\(member).replica.\(replica)."
    }
}
