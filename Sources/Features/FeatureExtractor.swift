import CKernels
import Encoders
import Foundation
import Graphs
import Support
import Tensors
import Tokenization

/// Runs an encoder over token sequences, in batches without padding, on several threads.
///
/// Sequences are sorted by length and split into batches of about ``batchTokens`` tokens; neither
/// depends on the number of threads, so neither do the features.
public final class FeatureExtractor: @unchecked Sendable {
    /// Tokens per batch: enough for fast matrix products, few enough to stay in the cache.
    static let batchTokens = 1024

    private let encoder: Encoder
    private let graph: Graph
    private let parameters: ParameterSet
    private let executors: [Executor]
    private let threads: Int
    /// An executor serves one call at a time.
    private let lock = NSLock()

    /// - Throws: ``EncoderError``, ``TensorError``.
    public init(_ encoder: Encoder, layers: [Int]?, threads: Int) throws {
        self.encoder = encoder
        self.threads = max(1, threads)
        let layers = layers ?? [encoder.configuration.layers]
        layerCount = layers.count
        let (graph, parameters) = try encoder.graph(layers: layers)
        self.graph = graph
        self.parameters = parameters
        executors = (0..<self.threads).map { _ in Executor(graph) }
    }

    /// Number of hidden states returned.
    private let layerCount: Int
    /// Features per token, over all hidden states.
    public var width: Int { graph.output.width }

    /// The hidden states of sequences, one after another, in float32: `[tokens, width]`; several
    /// layers are side by side.
    /// - Throws: ``EncoderError``, ``FeatureError/nonFinite(text:)``.
    public func hiddenStates(_ texts: [TokenizedText]) throws -> [Float] {
        let offsets = Self.offsets(texts)
        let storage = FloatStorage(count: offsets[texts.count] * width)
        try run(texts, offsets) { rows, first, count in
            storage.pointer.advanced(by: first * self.width).update(
                from: rows, count: count * self.width)
        }
        return storage.array
    }

    /// The hidden states in float16, layer after layer: `[layers, tokens, width]`.
    /// - Throws: ``EncoderError``, ``FeatureError/nonFinite(text:)``.
    func halfStates(
        _ texts: [TokenizedText], into target: UnsafeMutablePointer<UInt16>
    ) throws {
        let offsets = Self.offsets(texts)
        nonisolated(unsafe) let target = target
        let (layers, width) = (layerCount, width / layerCount)
        let tokens = offsets[texts.count]
        try run(texts, offsets) { rows, first, count in
            for layer in 0..<layers {
                let layerTarget = target + (layer * tokens + first) * width
                if layers == 1 {
                    knas_f32_to_f16(Int64(count * width), rows, layerTarget)
                    continue
                }
                for row in 0..<count {
                    knas_f32_to_f16(
                        Int64(width), rows + (row * layers + layer) * width,
                        layerTarget + row * width)
                }
            }
        }
    }

    /// The features of sequences as a batch of examples, in float32. Cached features are rounded to
    /// float16 to save space; a model in use does not need that, and other runtimes would not round
    /// in the same way.
    /// - Throws: ``EncoderError``, ``FeatureError/nonFinite(text:)``.
    public func batch(_ texts: [TokenizedText], segments: Int) throws -> FeatureBatch {
        var batch = Batch(lengths: texts.map(\.ids.count), segments: segments)
        let storage = FloatStorage(count: batch.tokenCount * width)
        let (layers, width, tokens) = (layerCount, width / layerCount, batch.tokenCount)
        try run(texts, Self.offsets(texts)) { rows, first, count in
            for layer in 0..<layers {
                let target = storage.pointer + (layer * tokens + first) * width
                for row in 0..<count {
                    (target + row * width).update(
                        from: rows + (row * layers + layer) * width, count: width)
                }
            }
        }
        batch.inputs = (0..<layers).map {
            UnsafePointer(storage.pointer + $0 * tokens * width)
        }
        batch.owner = storage
        return FeatureBatch(
            batch: batch, labels: Array(repeating: 0, count: batch.exampleCount), width: width)
    }

    static func offsets(_ texts: [TokenizedText]) -> [Int] {
        var offsets = [0]
        for text in texts { offsets.append(offsets[offsets.count - 1] + text.ids.count) }
        return offsets
    }

    private func run(
        _ texts: [TokenizedText], _ offsets: [Int],
        _ store: @escaping @Sendable (UnsafePointer<Float>, Int, Int) -> Void
    ) throws {
        lock.lock()
        defer { lock.unlock() }
        let batches = Self.batches(texts)
        try Parallel.forEach(count: batches.count, threads: threads) { index, thread in
            let members = batches[index]
            let batch = try self.encoder.batch(members.map { texts[$0] })
            let output = self.executors[thread].forward(batch, parameters: self.parameters)
            guard knas_all_finite(Int64(batch.tokenCount * self.width), output) != 0 else {
                throw FeatureError.nonFinite(
                    text: "\(members.count) texts of up to \(texts[members[0]].ids.count) tokens")
            }
            var row = 0
            for member in members {
                let count = texts[member].ids.count
                store(output + row * self.width, offsets[member], count)
                row += count
            }
        }
    }

    /// Indices of texts, longest first, in batches of about ``batchTokens`` tokens.
    static func batches(_ texts: [TokenizedText]) -> [[Int]] {
        let order = texts.indices.sorted {
            (texts[$0].ids.count, $1) > (texts[$1].ids.count, $0)
        }
        var batches: [[Int]] = []
        var current: [Int] = []
        var tokens = 0
        for place in order {
            let count = texts[place].ids.count
            if !current.isEmpty, tokens + count > batchTokens {
                batches.append(current)
                current = []
                tokens = 0
            }
            current.append(place)
            tokens += count
        }
        if !current.isEmpty { batches.append(current) }
        return batches
    }
}
