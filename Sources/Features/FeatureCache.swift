import Encoders
import Foundation
import Support
import Tasks
import Tokenization

/// Features on disk, computed where they are missing.
///
/// An entry is one file whose name is the digest of all that made it: encoder, tokenizer, texts,
/// truncation, pairing and layer. Entries appear whole or not at all; a damaged one is rebuilt.
public struct FeatureCache: Sendable {
    public let directory: URL
    private let encoder: Encoder
    private let threads: Int

    /// Sequences that are computed between two writes.
    private static let chunk = 2048

    public init(
        encoder: Encoder, directory: URL = EncoderStore.home.appendingPathComponent("features"),
        threads: Int = Parallel.availableThreads
    ) {
        self.encoder = encoder
        self.directory = directory
        self.threads = threads
    }

    /// The features of examples.
    ///
    /// - Parameters:
    ///   - progress: told how many sequences are done while features are computed.
    ///   - onRebuild: told why an entry could not be used.
    /// - Throws: ``EncoderError``, ``FileError``, ``FeatureError/nonFinite(text:)``, `Interrupted`.
    public func features(
        of examples: [Example], _ configuration: FeatureConfiguration,
        progress: ProgressHandler? = nil, onRebuild: (FeatureError) -> Void = { _ in }
    ) throws -> FeatureSet {
        let list = SequenceList(examples, configuration)
        let layer = configuration.layer ?? encoder.configuration.layers
        guard (0...encoder.configuration.layers).contains(layer) else {
            throw EncoderError.badLayer(layer: layer, layers: encoder.configuration.layers)
        }
        let maximum = min(configuration.maximumLength, encoder.maximumLength)
        let digest = list.digest(encoder, layer: layer, maximumLength: maximum)
        let url = directory.appendingPathComponent("\(digest).safetensors")
        func open() throws -> FeatureFile {
            try FeatureFile(
                url, digest: digest, sequences: list.unique.count, width: encoder.width)
        }
        var file: FeatureFile?
        do {
            file = try open()
        } catch FileError.missing {
        } catch let error as FeatureError {
            onRebuild(error)
        }
        if file == nil {
            try compute(list, layer, maximum, digest, url, progress)
            file = try open()
        }
        guard let file else { preconditionFailure("an entry was just opened") }
        return FeatureSet(
            file: file, places: list.places, segments: list.segments,
            labels: examples.map { Int32($0.label) })
    }

    private func compute(
        _ list: SequenceList, _ layer: Int, _ maximum: Int, _ digest: String, _ url: URL,
        _ progress: ProgressHandler?
    ) throws {
        let extractor = try FeatureExtractor(encoder, layer: layer, threads: threads)
        let tokenizer = encoder.tokenizer
        let texts = try Parallel.map(count: list.unique.count, threads: threads) { index, _ in
            let source = list.unique[index]
            return tokenizer.encode(source.text, pair: source.pair, maximumLength: maximum)
        }
        let total = texts.count
        var offsets: [Int64] = [0]
        for text in texts { offsets.append(offsets[offsets.count - 1] + Int64(text.ids.count)) }
        try FeatureFile.write(to: url, digest: digest, offsets: offsets, width: encoder.width) {
            sink in
            var start = 0
            while start < total {
                try WorkProgress(
                    stage: "features", completed: start, total: total, unit: "sentences"
                ).report(to: progress)
                let part = Array(texts[start..<min(total, start + Self.chunk)])
                let count = part.reduce(0) { $0 + $1.ids.count } * encoder.width
                let buffer = UnsafeMutablePointer<UInt16>.allocate(capacity: count)
                defer { buffer.deallocate() }
                try extractor.halfStates(part, into: buffer)
                try sink(UnsafeRawBufferPointer(UnsafeBufferPointer(start: buffer, count: count)))
                start += part.count
            }
        }
        try WorkProgress(stage: "features", completed: total, total: total, unit: "sentences")
            .report(to: progress)
    }
}
