import Encoders
import Foundation
import Metrics
import Support
import Tasks
import Tensors
import Tokenization

/// Features on disk, computed if they are missing.
///
/// An entry is one file, named by the digest of everything that determines it: encoder, tokenizer,
/// texts, truncation, pairing and layer. Entries appear whole or not at all; a damaged one is
/// rebuilt. A file next to it records that its checksum was verified, and its size and modification
/// time then.
public struct FeatureCache: Sendable {
    public let directory: URL

    /// Where features are kept by default.
    public static var directory: URL { Places.cache.appendingPathComponent("features") }

    let encoder: Encoder
    let threads: Int

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
    ///   - space: what the examples' targets are.
    ///   - progress: called with the number of sequences done while features are computed.
    ///   - onRebuild: called with the reason why an entry could not be used.
    /// - Throws: ``EncoderError``, ``FileError``, ``FeatureError/nonFinite(text:)``, `Interrupted`.
    public func features(
        of examples: [Example], _ configuration: FeatureConfiguration,
        targets space: TargetSpace = .classes(2),
        progress: ProgressHandler? = nil, onRebuild: (FeatureError) -> Void = { _ in }
    ) throws -> FeatureSet {
        let work = try FeatureWork(examples, configuration, encoder, directory)
        var files: [Int: FeatureFile] = [:]
        for entry in work.entries {
            do {
                files[entry.layer] = try open(entry, of: work)
            } catch FileError.missing {
            } catch let error as FeatureError {
                onRebuild(error)
            }
        }
        let missing = work.entries.filter { files[$0.layer] == nil }
        if !missing.isEmpty {
            try BLAS.reserveMemory(threads: threads)
            _ = try FeatureStore.limit()
            // Before minutes of work.
            try advising {
                for entry in missing { try AtomicFile.check(entry.url) }
                try compute(missing, of: work, progress)
            }
            for entry in missing { files[entry.layer] = try open(entry, of: work) }
            try trim(after: missing)
        }
        return FeatureSet(
            files: work.entries.compactMap { files[$0.layer] }, places: work.list.places,
            segments: work.list.segments, targets: Targets(examples.map(\.target), in: space))
    }

    /// Tokens in every segment of every example, segments of an example together; nothing is
    /// encoded.
    /// - Throws: ``EncoderError``.
    public func lengths(
        of examples: [Example], _ configuration: FeatureConfiguration
    ) throws -> [Int] {
        let work = try FeatureWork(examples, configuration, encoder, directory)
        let texts = blocks(of: work).texts
        return work.list.places.map { texts[Int($0)].ids.count }
    }

    func blocks(of work: FeatureWork) -> FeatureBlocks {
        FeatureBlocks(
            work.list, encoder, maximumLength: work.maximumLength, threads: threads)
    }

    /// Opens an entry and verifies all of it, once: hashing the features of a large task takes
    /// minutes.
    /// - Throws: as ``FeatureFile/init(_:digest:sequences:width:note:)``.
    func open(_ entry: FeatureWork.Entry, of work: FeatureWork) throws -> FeatureFile {
        try FeatureFile(
            entry.url, digest: entry.digest, sequences: work.list.unique.count,
            width: encoder.width,
            note: FeatureFile.note(of: entry.url))
    }

    /// Keeps the cache to its limit after entries were written; those that are open stay.
    /// - Throws: `BadOption` where the limit is none.
    func trim(after entries: [FeatureWork.Entry]) throws {
        let bytes = entries.reduce(0) { sum, entry in
            let attributes = try? FileManager.default.attributesOfItem(atPath: entry.url.path)
            return sum + ((attributes?[.size] as? NSNumber)?.intValue ?? 0)
        }
        try FeatureStore.added(bytes, to: directory)
    }

    /// Says, where features could not be written, how to have them written elsewhere.
    func advising(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch FileError.notWritable(let path, let reason) {
            throw FileError.notWritable(
                path: path, reason: reason + "; KNAS_CACHE says where features are kept")
        }
    }

    /// Runs the encoder once for all layers that are missing.
    private func compute(
        _ entries: [FeatureWork.Entry], of work: FeatureWork, _ progress: ProgressHandler?
    ) throws {
        let extractor = try FeatureExtractor(
            encoder, layers: entries.map(\.layer), threads: threads)
        let blocks = blocks(of: work)
        let total = blocks.texts.count
        try write(entries[...], blocks.offsets, sinks: []) { sinks in
            for (block, range) in blocks.ranges.enumerated() {
                try WorkProgress(
                    stage: "features", completed: range.lowerBound, total: total,
                    unit: "sentences"
                ).report(to: progress)
                try extractor.halfStates(block, of: blocks, directory: directory) {
                    try sinks[$0]($1)
                }
            }
        }
        try WorkProgress(stage: "features", completed: total, total: total, unit: "sentences")
            .report(to: progress)
    }

    /// Opens all files, one inside the other, and produces their rows together.
    private func write(
        _ entries: ArraySlice<FeatureWork.Entry>, _ offsets: [Int64],
        sinks: [SafetensorsEntry.Sink],
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

/// The features of one list of examples: what is encoded, and where it is kept.
struct FeatureWork {
    /// The file of one layer.
    struct Entry {
        let layer: Int
        let digest: String
        let url: URL
    }

    let list: SequenceList
    /// Longest sequence in tokens.
    let maximumLength: Int
    /// One per layer.
    let entries: [Entry]

    /// - Throws: ``EncoderError/badLayer(layer:layers:)``.
    init(
        _ examples: [Example], _ configuration: FeatureConfiguration, _ encoder: Encoder,
        _ directory: URL
    ) throws {
        let list = SequenceList(examples, configuration)
        let layers = configuration.layers ?? [encoder.configuration.layers]
        for layer in layers where !(0...encoder.configuration.layers).contains(layer) {
            throw EncoderError.badLayer(layer: layer, layers: encoder.configuration.layers)
        }
        let maximum = min(configuration.maximumLength, encoder.maximumLength)
        self.list = list
        maximumLength = maximum
        entries = layers.map { layer in
            let digest = list.digest(encoder, layer: layer, maximumLength: maximum)
            return Entry(
                layer: layer, digest: digest,
                url: directory.appendingPathComponent("\(digest).safetensors"))
        }
    }
}

extension FeatureExtractor {
    /// The hidden states of a block in float16, `[tokens, width]`, as bytes, layer after layer.
    /// - Parameter directory: for what is too much to be kept in memory until the block is done.
    /// - Throws: ``EncoderError``, ``FeatureError/nonFinite(text:)``, what `body` throws.
    func halfStates(
        _ block: Int, of blocks: FeatureBlocks, directory: URL,
        _ body: (_ layer: Int, UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let count = blocks.rows(block).count * (width / layerCount) * MemoryLayout<UInt16>.size
        let buffer = ScratchBuffer(count: count * layerCount, directory: directory)
        try halfStates(Array(blocks.texts[blocks.ranges[block]]), into: buffer)
        for layer in 0..<layerCount {
            let own = buffer.bytes[layer * count..<(layer + 1) * count]
            try body(layer, UnsafeRawBufferPointer(rebasing: own))
            buffer.releasePages()
        }
        encoder.releasePages()
    }
}
