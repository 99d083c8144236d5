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

    let encoder: Encoder
    private let graph: Graph
    private let parameters: ParameterSet
    private let executors: [Executor]
    private let threads: Int
    /// An executor serves one call at a time.
    private let lock = NSLock()

    /// - Throws: ``EncoderError``, ``TensorError``, `NoMemory`.
    public init(_ encoder: Encoder, layers: [Int]?, threads: Int) throws {
        self.encoder = encoder
        self.threads = max(1, threads)
        let layers = layers ?? [encoder.configuration.layers]
        layerCount = layers.count
        let (graph, parameters) = try encoder.graph(layers: layers)
        self.graph = graph
        self.parameters = parameters
        let rounded =
            encoder.precision == .bfloat16 ? try RoundedWeights(graph, parameters) : nil
        executors = (0..<self.threads).map { _ in Executor(graph, rounded: rounded) }
    }

    /// Number of hidden states returned.
    let layerCount: Int
    /// Features per token, over all hidden states.
    public var width: Int { graph.output.width }

    /// The hidden states in float16, layer after layer: `[layers, tokens, width]`.
    /// - Throws: ``EncoderError``, ``FeatureError/nonFinite(text:)``.
    func halfStates(_ texts: [TokenizedText], into target: ScratchBuffer) throws {
        nonisolated(unsafe) let halves = target.bytes.bindMemory(to: UInt16.self).baseAddress!
        try run(texts, onBatch: target.releasePages) { source, place, count in
            knas_f32_to_f16(Int64(count), source, halves + place)
        }
    }

    /// The features of sequences as a batch of examples, in float32. Cached features are rounded to
    /// float16 to save space; a model in use does not need that, and other runtimes would not round
    /// in the same way.
    /// - Throws: ``EncoderError``, ``FeatureError/nonFinite(text:)``.
    public func batch(_ texts: [TokenizedText], segments: Int) throws -> FeatureBatch {
        var batch = Batch(lengths: texts.map(\.ids.count), segments: segments)
        let storage = FloatStorage(count: batch.tokenCount * width)
        try run(texts) { source, place, count in
            (storage.pointer + place).update(from: source, count: count)
        }
        batch.inputs = (0..<layerCount).map {
            UnsafePointer(storage.pointer + $0 * batch.tokenCount * (width / layerCount))
        }
        batch.owner = storage
        return FeatureBatch(
            batch: batch, targets: .classes(Array(repeating: 0, count: batch.exampleCount)),
            width: width / layerCount)
    }

    /// Runs the encoder and takes the layers, which are side by side in a row, apart.
    /// - Parameters:
    ///   - onBatch: called after every batch, from any thread.
    ///   - store: called with some floats, their place in `[layers, tokens, width]`, and how many they are.
    private func run(
        _ texts: [TokenizedText], onBatch: @escaping @Sendable () -> Void = {},
        _ store: @escaping @Sendable (UnsafePointer<Float>, Int, Int) -> Void
    ) throws {
        lock.lock()
        defer { lock.unlock() }
        let lengths = texts.map(\.ids.count)
        let offsets = Batch.offsets(lengths)
        let batches = TokenBatches.byLength(tokens: lengths, limit: Self.batchTokens)
        let (layers, width, tokens) = (layerCount, width / layerCount, Int(offsets[texts.count]))
        try Parallel.forEach(count: batches.count, threads: threads) { index, thread in
            let members = batches[index]
            let batch = try self.encoder.batch(members.map { texts[$0] })
            var rows = self.executors[thread].forward(batch, parameters: self.parameters)
            guard knas_all_finite(Int64(batch.tokenCount * self.width), rows) != 0 else {
                throw FeatureError.nonFinite(
                    text: "\(members.count) texts of up to \(lengths[members[0]]) tokens")
            }
            for member in members {
                let first = Int(offsets[member])
                if layers == 1 { store(rows, first * width, lengths[member] * width) }
                for row in 0..<(layers == 1 ? 0 : lengths[member]) {
                    for layer in 0..<layers {
                        store(
                            rows + (row * layers + layer) * width,
                            (layer * tokens + first + row) * width, width)
                    }
                }
                rows += lengths[member] * layers * width
            }
            onBatch()
        }
    }
}
