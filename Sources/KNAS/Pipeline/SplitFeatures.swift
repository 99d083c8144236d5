import Encoders
import Features
import Support
import Tasks

/// The cached features of a data set's splits.
struct SplitFeatures: Sendable {
    let train: FeatureSet
    let dev: FeatureSet
    let test: FeatureSet

    /// Tokens that a sequence may have where neither task nor user says.
    static func maximumLength(_ dataset: Dataset) -> Int { dataset.maximumTokens ?? 128 }

    /// How features of a data set are made.
    static func configuration(_ dataset: Dataset, layers: [Int]) -> FeatureConfiguration {
        FeatureConfiguration(
            layers: layers, pairing: dataset.pairing ?? .joint,
            maximumLength: maximumLength(dataset))
    }

    init(
        dataset: Dataset, encoder: Encoder, layers: [Int], threads: Int,
        progress: ProgressHandler?, note: (String) -> Void
    ) throws {
        let cache = FeatureCache(encoder: encoder, threads: threads)
        let configuration = Self.configuration(dataset, layers: layers)
        func features(_ split: Split) throws -> FeatureSet {
            try cache.features(of: dataset[split], configuration, progress: progress) {
                note("rebuilding: \($0)")
            }
        }
        train = try features(.train)
        dev = try features(.dev)
        test = try features(.test)
    }
}

extension Dataset {
    /// Whether examples are pairs of texts.
    var hasPairs: Bool { (train.first ?? test.first ?? dev.first)?.pair != nil }
}
