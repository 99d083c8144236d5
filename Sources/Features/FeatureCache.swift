import Encoders
import Foundation
import Support
import Tasks
import Tensors
import Tokenization

/// Features on disk, computed where they are missing.
///
/// An entry is one file whose name is the digest of all that made it: encoder, tokenizer, texts,
/// truncation, pairing and layer. Entries appear whole or not at all; a damaged one is rebuilt.
public struct FeatureCache: Sendable {
    public let directory: URL

    /// Where features are kept where nobody says otherwise.
    public static var directory: URL { EncoderStore.home.appendingPathComponent("features") }

    private let encoder: Encoder
    private let threads: Int

    /// Tokens that are computed between two writes: enough to sort by length, few enough for memory.
    private static let chunkTokens = 32_768

    public init(
        encoder: Encoder, directory: URL = FeatureCache.directory,
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
        let layers = configuration.layers ?? [encoder.configuration.layers]
        for layer in layers where !(0...encoder.configuration.layers).contains(layer) {
            throw EncoderError.badLayer(layer: layer, layers: encoder.configuration.layers)
        }
        let maximum = min(configuration.maximumLength, encoder.maximumLength)
        let entries = layers.map { layer in
            let digest = list.digest(encoder, layer: layer, maximumLength: maximum)
            return Entry(
                layer: layer, digest: digest,
                url: directory.appendingPathComponent("\(digest).safetensors"))
        }
        func open(_ entry: Entry) throws -> FeatureFile {
            try FeatureFile(
                entry.url, digest: entry.digest, sequences: list.unique.count,
                width: encoder.width)
        }
        var files: [Int: FeatureFile] = [:]
        for entry in entries {
            do {
                files[entry.layer] = try open(entry)
            } catch FileError.missing {
            } catch let error as FeatureError {
                onRebuild(error)
            }
        }
        let missing = entries.filter { files[$0.layer] == nil }
        if !missing.isEmpty {
            try compute(missing, list, maximum, progress)
            encoder.releasePages()
            for entry in missing { files[entry.layer] = try open(entry) }
        }
        return FeatureSet(
            files: layers.compactMap { files[$0] }, places: list.places, segments: list.segments,
            labels: examples.map { Int32($0.label) })
    }

    /// The file of one layer.
    private struct Entry {
        let layer: Int
        let digest: String
        let url: URL
    }

    /// Runs the encoder once for all layers that are missing.
    private func compute(
        _ entries: [Entry], _ list: SequenceList, _ maximum: Int, _ progress: ProgressHandler?
    ) throws {
        let extractor = try FeatureExtractor(
            encoder, layers: entries.map(\.layer), threads: threads)
        let tokenizer = encoder.tokenizer
        let texts = try Parallel.map(count: list.unique.count, threads: threads) { index, _ in
            let source = list.unique[index]
            return tokenizer.encode(source.text, pair: source.pair, maximumLength: maximum)
        }
        let total = texts.count
        var offsets: [Int64] = [0]
        for text in texts { offsets.append(offsets[offsets.count - 1] + Int64(text.ids.count)) }
        try write(entries[...], offsets, sinks: []) { sinks in
            var start = 0
            while start < total {
                try WorkProgress(
                    stage: "features", completed: start, total: total, unit: "sentences"
                ).report(to: progress)
                var end = start
                var tokens = 0
                while end < total, tokens < Self.chunkTokens {
                    tokens += texts[end].ids.count
                    end += 1
                }
                let part = Array(texts[start..<end])
                let count = part.reduce(0) { $0 + $1.ids.count } * encoder.width
                let buffer = UnsafeMutablePointer<UInt16>.allocate(capacity: count * sinks.count)
                defer { buffer.deallocate() }
                try extractor.halfStates(part, into: buffer)
                for (place, sink) in sinks.enumerated() {
                    try sink(
                        UnsafeRawBufferPointer(
                            UnsafeBufferPointer(start: buffer + place * count, count: count)))
                }
                start += part.count
            }
        }
        try WorkProgress(stage: "features", completed: total, total: total, unit: "sentences")
            .report(to: progress)
    }

    /// Opens all files, one inside the other, and produces their rows together.
    private func write(
        _ entries: ArraySlice<Entry>, _ offsets: [Int64], sinks: [SafetensorsEntry.Sink],
        produce: @escaping ([SafetensorsEntry.Sink]) throws -> Void
    ) throws {
        guard let entry = entries.first else { return try produce(sinks) }
        try FeatureFile.write(
            to: entry.url, digest: entry.digest, offsets: offsets, width: encoder.width
        ) { sink in
            try withoutActuallyEscaping(sink) { sink in
                try self.write(
                    entries.dropFirst(), offsets, sinks: sinks + [sink], produce: produce)
            }
        }
    }
}
