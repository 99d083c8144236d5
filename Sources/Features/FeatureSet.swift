import CKernels
import Foundation
import Graphs
import Metrics
import Support
import Tasks
import Tensors

/// The features of a list of examples, on disk, and their true answers.
public struct FeatureSet: Sendable {
    /// Where a sequence is.
    private struct Place {
        /// The index in `sources`.
        let source: Int32
        /// The number of the sequence in each of the source's files.
        let sequence: Int32
    }

    /// What the examples come from: for each source a file per layer, all for the same sequences.
    private let sources: [[FeatureFile]]
    private let places: [Place]
    /// Sequences per example.
    public let segments: Int
    /// One per example.
    public let targets: Targets

    /// - Precondition: at least one file, all with the same sequences and width.
    init(files: [FeatureFile], places: [Int32], segments: Int, targets: Targets) {
        self.init(
            sources: [files], places: places.map { Place(source: 0, sequence: $0) },
            segments: segments, targets: targets)
    }

    private init(sources: [[FeatureFile]], places: [Place], segments: Int, targets: Targets) {
        self.sources = sources
        self.places = places
        self.segments = segments
        self.targets = targets
    }

    /// Stores features that come from elsewhere, e.g. another program, and maps them.
    ///
    /// - Parameters:
    ///   - rows: `[tokens, width]`, sequences one after another, the segments of an example together.
    ///   - lengths: tokens of each sequence.
    ///   - targets: one per example.
    ///   - url: the file to write.
    /// - Throws: ``FileError``, ``TensorError``, ``FeatureError``.
    /// - Precondition: the counts agree.
    public init(
        storing rows: [Float], lengths: [Int], width: Int, segments: Int, targets: Targets,
        at url: URL
    ) throws {
        precondition(lengths.count == targets.count * segments, "segments of every example")
        precondition(rows.count == lengths.reduce(0, +) * width, "one row per token")
        let offsets = Batch.offsets(lengths)
        try FeatureFile.write(to: url, digest: "stored", offsets: offsets, width: width) { sink in
            var halves = [UInt16](repeating: 0, count: rows.count)
            knas_f32_to_f16(Int64(rows.count), rows, &halves)
            try halves.withUnsafeBytes(sink)
        }
        self.init(
            files: [
                try FeatureFile(
                    url, digest: "stored", sequences: lengths.count, width: width)
            ],
            places: lengths.indices.map(Int32.init), segments: segments, targets: targets)
    }

    /// The same for examples that have a class.
    /// - Parameter labels: one per example.
    /// - Throws: ``FileError``, ``TensorError``, ``FeatureError``.
    public init(
        storing rows: [Float], lengths: [Int], width: Int, segments: Int, labels: [Int32],
        at url: URL
    ) throws {
        try self.init(
            storing: rows, lengths: lengths, width: width, segments: segments,
            targets: .classes(labels), at: url)
    }

    /// The class of each example.
    /// - Precondition: examples have one class.
    public var labels: [Int32] { targets.classes }

    /// Features per token and layer.
    public var width: Int { sources[0][0].width }
    /// Number of the encoder's layers, which are the input slots of a batch.
    public var layerCount: Int { sources[0].count }
    /// Number of examples.
    public var count: Int { targets.count }

    /// Tokens in a segment of an example.
    public func length(_ example: Int, segment: Int = 0) -> Int {
        rows(places[example * segments + segment]).count
    }

    /// The rows of a sequence in the files of its source.
    private func rows(_ place: Place) -> Range<Int> {
        let offsets = sources[Int(place.source)][0].offsets
        let sequence = Int(place.sequence)
        return Int(offsets[sequence])..<Int(offsets[sequence + 1])
    }

    /// Tokens in an example.
    public func tokenCount(_ example: Int) -> Int {
        (0..<segments).reduce(0) { $0 + length(example, segment: $1) }
    }

    /// Some examples as a batch, converted to float32.
    /// - Parameter slots: the wanted layers, by index; `nil` for all. The others must not be read.
    /// - Throws: ``FileError/notReadable(path:reason:)`` if the cache has been damaged in the
    ///   meantime.
    public func batch(_ examples: [Int], slots: [Int]? = nil) throws -> FeatureBatch {
        let slots = slots ?? Array(0..<layerCount)
        var lengths: [Int] = []
        lengths.reserveCapacity(examples.count * segments)
        for example in examples {
            for segment in 0..<segments { lengths.append(length(example, segment: segment)) }
        }
        var batch = Batch(lengths: lengths, segments: segments)
        let storage = RecycledStorage(count: slots.count * batch.tokenCount * width)
        batch.inputs = Array(repeating: UnsafePointer(storage.pointer), count: layerCount)
        // A sequence's float16 numbers: read here, converted while they are still in the
        // processor's cache.
        let halves = UnsafeMutablePointer<UInt16>.allocate(capacity: (lengths.max() ?? 0) * width)
        defer { halves.deallocate() }
        var row = 0
        for slot in slots {
            batch.inputs[slot] = UnsafePointer(storage.pointer + row * width)
            for example in examples {
                for segment in 0..<segments {
                    let place = places[example * segments + segment]
                    let rows = rows(place)
                    try sources[Int(place.source)][slot].read(rows, into: halves)
                    knas_f16_to_f32(
                        Int64(rows.count * width), halves, storage.pointer + row * width)
                    row += rows.count
                }
            }
        }
        batch.owner = storage
        return FeatureBatch(batch: batch, targets: targets.rows(examples), width: width)
    }

    /// The same features with other labels, e.g. shuffled ones for a control.
    public func relabelled(_ labels: [Int32]) -> FeatureSet {
        precondition(labels.count == count)
        return FeatureSet(
            sources: sources, places: places, segments: segments, targets: .classes(labels))
    }

    /// The examples of another set after this one's.
    /// - Precondition: both have the same layers, widths and segments.
    public func appending(_ other: FeatureSet) -> FeatureSet {
        precondition(
            other.width == width && other.layerCount == layerCount && other.segments == segments,
            "features of one kind")
        let first = Int32(sources.count)
        return FeatureSet(
            sources: sources + other.sources,
            places: places
                + other.places.map { Place(source: first + $0.source, sequence: $0.sequence) },
            segments: segments, targets: targets.appending(other.targets))
    }

    /// The same features of some layers only, which become the slots 0, 1 and so on.
    /// - Parameter slots: the wanted layers, by index; at least one.
    public func reading(slots: [Int]) -> FeatureSet {
        FeatureSet(
            sources: sources.map { files in slots.map { files[$0] } }, places: places,
            segments: segments, targets: targets)
    }

    /// Some of the examples, in the order given.
    public func subset(_ examples: [Int]) -> FeatureSet {
        FeatureSet(
            sources: sources,
            places: examples.flatMap { places[$0 * segments..<($0 + 1) * segments] },
            segments: segments, targets: targets.rows(examples))
    }
}

/// A batch of features that owns its memory.
public struct FeatureBatch {
    public let batch: Batch
    public let targets: Targets
    /// Features per token and slot.
    let width: Int
}

extension FeatureBatch {
    /// The class of each example.
    /// - Precondition: examples have one class.
    public var labels: [Int32] { targets.classes }

    /// The same rows with some of the slots only, which become 0, 1 and so on.
    public func reading(slots: [Int]) -> FeatureBatch {
        var batch = batch
        batch.inputs = slots.map { batch.inputs[$0] }
        return FeatureBatch(batch: batch, targets: targets, width: width)
    }

    /// Some of the examples, with a copy of their rows.
    public func subset(_ examples: [Int]) -> FeatureBatch {
        let sequences = examples.flatMap {
            Array($0 * batch.segments..<($0 + 1) * batch.segments)
        }
        let lengths = sequences.map { Int(batch.offsets[$0 + 1] - batch.offsets[$0]) }
        var result = Batch(lengths: lengths, segments: batch.segments)
        let slotCount = result.tokenCount * width
        let storage = FloatStorage(count: slotCount * batch.inputs.count)
        for slot in batch.inputs.indices {
            var target = storage.pointer + slot * slotCount
            for (sequence, length) in zip(sequences, lengths) {
                target.update(
                    from: batch.inputs[slot] + Int(batch.offsets[sequence]) * width,
                    count: length * width)
                target += length * width
            }
            result.inputs.append(UnsafePointer(storage.pointer + slot * slotCount))
        }
        result.owner = storage
        return FeatureBatch(batch: result, targets: targets.rows(examples), width: width)
    }
}
