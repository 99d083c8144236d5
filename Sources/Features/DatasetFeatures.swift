import Encoders
import Support
import Tasks

extension Dataset {
    /// Tokens that a sequence may have where neither task nor user says.
    public static let standardMaximumLength = 128

    /// Whether examples are pairs of texts.
    public var hasPairs: Bool { (train.first ?? test.first ?? dev.first)?.pair != nil }
}

extension FeatureConfiguration {
    /// How the features of a data set are made, whatever the command.
    ///
    /// - Parameters:
    ///   - dataset: whose texts they are of: its pairing, and how long its sequences may be.
    ///   - pairing: another pairing than the data set's; no matter where texts are single.
    ///   - layers: the hidden states to keep.
    public init(_ dataset: Dataset, pairing: Pairing? = nil, layers: [Int]) {
        self.init(
            layers: layers, pairing: dataset.pairing.map { pairing ?? $0 } ?? .joint,
            maximumLength: dataset.maximumTokens ?? Dataset.standardMaximumLength)
    }
}

/// The features of a data set's splits, one by one: what is not asked for is not computed.
public struct FeatureSource: Sendable {
    /// Layers, pairing and length.
    public private(set) var configuration: FeatureConfiguration
    private(set) var dataset: Dataset
    let cache: FeatureCache
    private let progress: ProgressHandler?
    private let note: @Sendable (String) -> Void

    /// - Parameters:
    ///   - pairing: another pairing than the data set's; no matter where texts are single.
    ///   - layers: the encoder's hidden states to keep.
    ///   - note: called with a line about cached features that are recomputed.
    public init(
        dataset: Dataset, encoder: Encoder, pairing: Pairing? = nil, layers: [Int], threads: Int,
        progress: ProgressHandler?, note: @escaping @Sendable (String) -> Void
    ) {
        self.dataset = dataset
        cache = FeatureCache(encoder: encoder, threads: threads)
        configuration = FeatureConfiguration(dataset, pairing: pairing, layers: layers)
        // A model must not claim to read more than its encoder does.
        configuration.maximumLength = min(configuration.maximumLength, encoder.maximumLength)
        self.progress = progress
        self.note = note
    }

    /// The same with other layers.
    public func reading(layers: [Int]) -> FeatureSource {
        var result = self
        result.configuration.layers = layers
        return result
    }

    /// The same encoding of other rows.
    public func reading(_ dataset: Dataset) -> FeatureSource {
        var result = self
        result.dataset = dataset
        return result
    }

    /// Sequences that a training example consists of: 2 for pairs whose texts are encoded
    /// separately.
    public var segments: Int {
        configuration.segments(hasPairs: dataset.train.contains { $0.pair != nil })
    }

    /// From the cache, or from the encoder.
    /// - Throws: as ``FeatureCache/features(of:_:progress:onRebuild:)``.
    public func features(_ split: Split) throws -> FeatureSet {
        try features(of: dataset[split])
    }

    /// The same for examples that need not be a split of the data set.
    public func features(of examples: [Example]) throws -> FeatureSet {
        try cache.features(
            of: examples, configuration, targets: dataset.targets, progress: progress
        ) {
            note("rebuilding: \($0)")
        }
    }

    /// Tokens of every segment of every training example; nothing is encoded.
    public func trainLengths() throws -> [Int] {
        try cache.lengths(of: dataset.train, configuration)
    }

    /// All splits.
    public func splits() throws -> SplitFeatures {
        SplitFeatures(
            train: try features(.train), dev: try features(.dev), test: try features(.test))
    }
}

/// The cached features of a data set's splits.
public struct SplitFeatures: Sendable {
    /// The training split's.
    public let train: FeatureSet
    /// The dev split's.
    public let dev: FeatureSet
    /// The test split's.
    public let test: FeatureSet
}
