import Features
import Graphs
import Metrics
import Support
import Tensors

/// Runs a graph that is large enough for several threads, e.g. encoder layers and a head, over many
/// examples.
///
/// Batches are split by length and position, so the same examples always give the same bits,
/// whatever the number of threads. Not for use from several threads at once.
public final class BatchedInference: @unchecked Sendable {
    private let parameters: ParameterSet
    private let executors: [Executor]
    private let slots: [Int]
    private let width: Int
    /// Tokens in a batch.
    private static let batchTokens = 1024

    public init(_ graph: Graph, _ parameters: ParameterSet, threads: Int) {
        self.parameters = parameters
        executors = (0..<max(1, threads)).map { _ in Executor(graph) }
        slots = graph.inputSlots
        width = graph.output.width
    }

    /// The output of each example: `[examples, width of the graph's output]`.
    public func outputs(_ features: FeatureSet) throws -> FloatStorage {
        try outputs((0..<features.count).map { features.tokenCount($0) }) {
            try features.batch($0, slots: self.slots).batch
        }
    }

    /// The output of each example of a batch: `[examples, width of the graph's output]`.
    public func outputs(_ batch: FeatureBatch) throws -> FloatStorage {
        let tokens = (0..<batch.batch.exampleCount).map { example in
            batch.batch.firstRow(ofExample: example + 1, in: .tokens)
                - batch.batch.firstRow(ofExample: example, in: .tokens)
        }
        // Read-only, shared by all threads.
        nonisolated(unsafe) let whole = batch
        return try outputs(tokens) { whole.subset($0).batch }
    }

    private func outputs(
        _ tokens: [Int], _ batch: @Sendable ([Int]) throws -> Batch
    ) throws -> FloatStorage {
        let result = FloatStorage(count: tokens.count * width)
        let parts = TokenBatches.byLength(tokens: tokens, limit: Self.batchTokens)
        try Parallel.forEach(count: parts.count, threads: executors.count) { index, thread in
            let output = try self.executors[thread].forward(
                batch(parts[index]), parameters: self.parameters)
            for (row, place) in parts[index].enumerated() {
                (result.pointer + place * self.width).update(
                    from: output + row * self.width, count: self.width)
            }
        }
        return result
    }

    /// Class probabilities of all examples of a set.
    /// - Throws: ``MetricsError`` when they are not finite.
    public func predictions(_ features: FeatureSet) throws -> Predictions {
        try Predictions(overwriting: outputs(features), of: features, classes: width)
    }
}
