import Encoders
import Foundation
import Support
import Tasks

extension FeatureSource {
    /// Tokens that the encoder has to read before a split's features are there; 0 where some of its layers
    /// are in the cache, as then those that a run needs usually are.
    /// - Throws: ``EncoderError``.
    public func missingTokens(_ split: Split) throws -> Int {
        try cache.missingTokens(of: dataset[split], configuration)
    }

    /// Tokens that the encoder reads in a second, measured on some training texts; nothing is kept.
    /// - Parameter passes: how often that is measured; the fastest counts.
    /// - Throws: ``EncoderError``, ``FeatureError/nonFinite(text:)``.
    public func tokensPerSecond(passes: Int = 1) throws -> Double {
        try cache.tokensPerSecond(
            Array(dataset.train.prefix(Self.sample)), configuration, passes: passes)
    }

    /// Examples that a rate is measured on.
    private static let sample = 96
}

extension FeatureCache {
    fileprivate func missingTokens(
        of examples: [Example], _ configuration: FeatureConfiguration
    ) throws -> Int {
        let work = try FeatureWork(examples, configuration, encoder, directory)
        let isKnown = work.entries.contains {
            FileManager.default.fileExists(atPath: $0.url.path)
        }
        return isKnown ? 0 : blocks(of: work).texts.reduce(0) { $0 + $1.ids.count }
    }

    fileprivate func tokensPerSecond(
        _ examples: [Example], _ configuration: FeatureConfiguration, passes: Int
    ) throws -> Double {
        let work = try FeatureWork(examples, configuration, encoder, directory)
        let texts = blocks(of: work).texts
        let extractor = try FeatureExtractor(
            encoder, layers: work.entries.map(\.layer), threads: threads)
        // The first pass also reads the weights from the disk.
        _ = try extractor.batch(Array(texts.prefix(2)), segments: 1)
        let clock = ContinuousClock()
        let seconds = try (0..<passes).map { _ in
            try clock.measure { _ = try extractor.batch(texts, segments: 1) }.inSeconds
        }
        let tokens = texts.reduce(0) { $0 + $1.ids.count }
        return Double(tokens) / max(1e-6, seconds.min() ?? 0)
    }
}
