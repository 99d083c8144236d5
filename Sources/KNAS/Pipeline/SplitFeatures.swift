import Encoders
import Features
import Support
import Tasks

/// Gives the features of a data set's splits one by one: what is not asked for is not computed.
struct FeatureSource {
    private let dataset: Dataset
    private let cache: FeatureCache
    private let configuration: FeatureConfiguration
    private let progress: ProgressHandler?
    private let note: (String) -> Void

    init(
        dataset: Dataset, encoder: Encoder, layers: [Int], threads: Int,
        progress: ProgressHandler?, note: @escaping (String) -> Void
    ) {
        self.dataset = dataset
        cache = FeatureCache(encoder: encoder, threads: threads)
        configuration = FeatureConfiguration(dataset, layers: layers)
        self.progress = progress
        self.note = note
    }

    /// From the cache, or from the encoder.
    /// - Throws: as ``FeatureCache/features(of:_:progress:onRebuild:)``.
    func features(_ split: Split) throws -> FeatureSet {
        try cache.features(of: dataset[split], configuration, progress: progress) {
            note("rebuilding: \($0)")
        }
    }

    /// Tokens of every segment of every training example; nothing is encoded.
    func trainLengths() throws -> [Int] { try cache.lengths(of: dataset.train, configuration) }
}

/// The cached features of a data set's splits.
struct SplitFeatures: Sendable {
    let train: FeatureSet
    let dev: FeatureSet
    let test: FeatureSet

    /// Tokens that a sequence may have where neither task nor user says.
    static func maximumLength(_ dataset: Dataset) -> Int { dataset.maximumTokens ?? 128 }

    init(
        dataset: Dataset, encoder: Encoder, layers: [Int], threads: Int,
        progress: ProgressHandler?, note: @escaping (String) -> Void
    ) throws {
        try self.init(
            FeatureSource(
                dataset: dataset, encoder: encoder, layers: layers, threads: threads,
                progress: progress, note: note))
    }

    /// All splits.
    init(_ source: FeatureSource) throws {
        train = try source.features(.train)
        dev = try source.features(.dev)
        test = try source.features(.test)
    }
}

extension Dataset {
    /// Sequences that a training example consists of.
    var segments: Int {
        FeatureConfiguration(self, layers: [])
            .segments(hasPairs: train.contains { $0.pair != nil })
    }

    /// Whether examples are pairs of texts.
    var hasPairs: Bool { (train.first ?? test.first ?? dev.first)?.pair != nil }
}

extension FeatureConfiguration {
    /// How the features of a data set are made, by whatever command.
    ///
    /// - Parameters:
    ///   - dataset: whose texts they are of: its pairing, and how long its sequences may be.
    ///   - layers: the hidden states to keep.
    public init(_ dataset: Dataset, layers: [Int]) {
        self.init(
            layers: layers, pairing: dataset.pairing ?? .joint,
            maximumLength: SplitFeatures.maximumLength(dataset))
    }
}
