import Encoders
import Foundation
import Support
import Tasks
import Tensors

/// The features of a task's splits, made in parts: any process can compute some blocks of the encoder's
/// pass into a file, and all blocks together give the cache entries of an undivided pass, byte for byte.
///
/// Blocks are numbered from 0 across the splits in order; their contents depend only on the texts.
public struct FeatureParts {
    private let cache: FeatureCache
    private let works: [FeatureWork]
    private let blocks: [FeatureBlocks]
    private let layers: [Int]
    private let identity: FeaturePart.Identity

    /// - Parameters:
    ///   - splits: lists of examples, each with its own cache entries.
    ///   - program: version of the program; parts made by another are refused.
    /// - Throws: ``EncoderError``.
    public init(
        _ cache: FeatureCache, splits: [[Example]], _ configuration: FeatureConfiguration,
        program: String
    ) throws {
        self.cache = cache
        works = try splits.map {
            try FeatureWork($0, configuration, cache.encoder, cache.directory)
        }
        blocks = works.map { cache.blocks(of: $0) }
        layers = configuration.layers ?? [cache.encoder.configuration.layers]
        identity = FeaturePart.Identity(works, configuration, cache.encoder, program: program)
    }

    /// Blocks of all splits.
    public var blockCount: Int { blocks.reduce(0) { $0 + $1.ranges.count } }

    /// Determines the features: parts of the same digest belong together.
    public var digest: String { identity.digest }

    /// Blocks of the splits whose cache entries are not all present and intact.
    public func missingBlocks() throws -> Int {
        try works.indices.filter { try cachedFiles($0) == nil }
            .reduce(0) { $0 + blocks[$1].ranges.count }
    }

    /// Computes some blocks into a part, which appears whole or not at all. Rows that are in the cache
    /// are copied.
    ///
    /// - Parameter isWanted: called with a block's number.
    /// - Returns: the number of blocks in the part.
    /// - Throws: ``EncoderError``, ``FileError``, ``FeatureError/nonFinite(text:)``, `Interrupted`.
    public func write(
        _ url: URL, progress: ProgressHandler? = nil, including isWanted: (Int) -> Bool
    ) throws -> Int {
        let wanted = (0..<blockCount).filter(isWanted)
        let source = BlockSource(self)
        let total = wanted.reduce(0) { $0 + sentences(in: $1) }
        var done = 0
        try FeaturePart.write(
            to: url, identity: identity, blocks: wanted,
            shape: { [layers.count, rowCount($0), cache.encoder.width] },
            produce: { block, sink in
                try WorkProgress(
                    stage: "features", completed: done, total: total, unit: "sentences"
                ).report(to: progress)
                try source.produce(block, sink)
                done += sentences(in: block)
            })
        try WorkProgress(stage: "features", completed: total, total: total, unit: "sentences")
            .report(to: progress)
        return wanted.count
    }

    /// Combines parts into the cache entries that are missing. Parts may come in any order, more
    /// than once, and may overlap.
    ///
    /// - Returns: the number of splits that were assembled; the others were in the cache.
    /// - Throws: ``FeatureError/foreignPart(path:field:expected:found:)`` for a part of other
    ///   features, ``FeatureError/damagedPart(path:reason:)``,
    ///   ``FeatureError/incomplete(missing:blocks:)`` if no part has a block that is needed,
    ///   ``FileError``.
    public func merge(_ urls: [URL]) throws -> Int {
        let parts = try urls.map {
            try FeaturePart(
                $0, identity: identity, blocks: blockCount,
                shape: { [layers.count, rowCount($0), cache.encoder.width] })
        }
        let splits = try works.indices.filter { try cachedFiles($0) == nil }
        guard !splits.isEmpty else { return 0 }
        var owners: [Int: FeaturePart] = [:]
        for part in parts {
            try part.verify()
            for block in part.blocks { owners[block] = owners[block] ?? part }
        }
        let missing = splits.flatMap { numbers(of: $0).filter { owners[$0] == nil } }
        guard missing.isEmpty else {
            throw FeatureError.incomplete(missing: missing, blocks: blockCount)
        }
        for split in splits {
            for (place, entry) in works[split].entries.enumerated() {
                try cache.advising {
                    try FeatureFile.write(
                        to: entry.url, digest: entry.digest, offsets: blocks[split].offsets,
                        width: cache.encoder.width
                    ) { sink in
                        for block in numbers(of: split) {
                            try owners[block]?.layer(place, of: block, sink)
                        }
                    }
                }
            }
        }
        // What was merged just now is what was used last.
        let merged = try splits.compactMap { try cachedFiles($0) }
        try withExtendedLifetime(merged) {
            try cache.trim(after: splits.flatMap { works[$0].entries })
        }
        return splits.count
    }

    // MARK: Blocks

    /// The numbers of a split's blocks.
    private func numbers(of split: Int) -> Range<Int> {
        let first = blocks[..<split].reduce(0) { $0 + $1.ranges.count }
        return first..<first + blocks[split].ranges.count
    }

    /// The split that a block belongs to, and its index there.
    private func place(_ block: Int) -> (split: Int, block: Int) {
        var rest = block
        var split = 0
        while rest >= blocks[split].ranges.count {
            rest -= blocks[split].ranges.count
            split += 1
        }
        return (split, rest)
    }

    private func rowCount(_ block: Int) -> Int {
        let place = place(block)
        return blocks[place.split].rows(place.block).count
    }

    private func sentences(in block: Int) -> Int {
        let place = place(block)
        return blocks[place.split].ranges[place.block].count
    }

    /// The cache entries of a split, one per layer; `nil` unless all are present and intact.
    private func cachedFiles(_ split: Int) throws -> [FeatureFile]? {
        do {
            return try works[split].entries.map { try cache.open($0, of: works[split]) }
        } catch FileError.missing {
            return nil
        } catch is FeatureError {
            return nil
        }
    }

    /// Provides the rows of blocks: from the cache if they are there, otherwise from the encoder,
    /// which is opened when first needed.
    private final class BlockSource {
        private let parts: FeatureParts
        /// Splits that the cache was asked for, and those that it has.
        private var asked: Set<Int> = []
        private var cached: [Int: [FeatureFile]] = [:]
        private var extractor: FeatureExtractor?

        init(_ parts: FeatureParts) { self.parts = parts }

        /// Passes on `[layers, tokens, width]`.
        func produce(_ number: Int, _ sink: SafetensorsEntry.Sink) throws {
            let (split, block) = parts.place(number)
            if asked.insert(split).inserted { cached[split] = try parts.cachedFiles(split) }
            if let files = cached[split] {
                let rows = parts.blocks[split].rows(block)
                for file in files {
                    let count = rows.count * file.width
                    let halves = UnsafeMutablePointer<UInt16>.allocate(capacity: count)
                    defer { halves.deallocate() }
                    try file.read(rows, into: halves)
                    try sink(
                        UnsafeRawBufferPointer(UnsafeBufferPointer(start: halves, count: count)))
                }
                return
            }
            let extractor =
                try self.extractor
                ?? FeatureExtractor(
                    parts.cache.encoder, layers: parts.layers, threads: parts.cache.threads)
            self.extractor = extractor
            try extractor.halfStates(
                block, of: parts.blocks[split], directory: parts.cache.directory
            ) { try sink($1) }
        }
    }
}
