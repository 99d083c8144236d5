import CKernels
import Tensors

/// Statistics of per-example gradients, entry by entry and summed over each parameter, in memory for
/// a block of one parameter at a time: the `[examples, parameters]` Jacobian never exists.
public final class GradientStatistics: GradientSink {
    /// The statistics of one parameter, with `g_i` the gradient of one entry by example `i`.
    public struct Entry: Sendable {
        /// Sum over entries of `mean_i |g_i| / std_i g_i` (of the population); an entry whose gradient
        /// is the same for all examples is left out.
        public var meanToSpread = 0.0
        /// Sum over entries of `|sum_i sign g_i|`; ``signThreshold`` says what counts as zero.
        public var signAgreement = 0.0
    }

    /// A gradient not above this share of the largest in its row (last dimension) counts as zero: some
    /// vanish in exact arithmetic, e.g. those of attention's key bias, and would give the signs of
    /// rounding errors.
    public static let signThreshold: Float = 1e-5

    /// By parameter, complete after ``finish()``.
    public private(set) var entries: [ParameterID: Entry] = [:]
    private let exampleCount: Int
    private let layout: ParameterLayout
    private let shared: Set<ParameterID>
    private var pending: [ParameterID: FloatStorage] = [:]

    /// - Parameters:
    ///   - graph: the graph whose gradients will arrive; a parameter that several nodes share is
    ///     kept as `[examples, count]` until all its parts have arrived.
    ///   - examples: number of examples n.
    public init(_ graph: Graph, examples: Int) {
        exampleCount = examples
        layout = ParameterLayout(graph)
        var seen: Set<ParameterID> = []
        shared = Set(
            graph.nodes.flatMap { Graph.parameters(of: $0.primitive) }
                .filter { !seen.insert($0).inserted })
    }

    public func accept(_ gradient: NodeGradient) {
        for id in gradient.parameters {
            let count = gradient.count(id)
            if shared.contains(id) {
                let storage = pending[id] ?? FloatStorage(count: exampleCount * count)
                pending[id] = storage
                for example in 0..<exampleCount {
                    gradient.add(examples: example..<example + 1) {
                        $0 == id ? storage.pointer + example * count : nil
                    }
                }
            } else if case .linear(let weight, _) = gradient.primitive, weight == id {
                addWeight(gradient, id)
            } else {
                gradient.pool.with(count) { scratch in
                    add(id, count) { example in
                        scratch.update(repeating: 0, count: count)
                        gradient.add(examples: example..<example + 1) { $0 == id ? scratch : nil }
                        return UnsafePointer(scratch)
                    }
                }
            }
        }
    }

    /// Adds what is pending for parameters that several nodes share; call after the backward pass.
    public func finish() {
        for (id, gradients) in pending {
            let count = gradients.count / exampleCount
            add(id, count) { UnsafePointer(gradients.pointer + $0 * count) }
        }
        pending.removeAll()
    }

    /// Some output rows of a linear layer's weight at a time, so that their sums stay in the cache.
    private func addWeight(_ gradient: NodeGradient, _ id: ParameterID) {
        let inputs = gradient.inputWidth
        let block = max(1, min(gradient.width, Self.blockEntries / inputs))
        gradient.pool.with(block * inputs) { scratch in
            for outputs in (0..<gradient.width).pieces(of: block) {
                add(id, outputs.count * inputs) { example in
                    gradient.addWeight(
                        rows: gradient.rows(of: example..<example + 1), outputs: outputs,
                        to: scratch, beta: 0)
                    return UnsafePointer(scratch)
                }
            }
        }
    }

    /// Adds the statistics of `count` entries, whole rows of a parameter.
    private func add(
        _ id: ParameterID, _ count: Int,
        _ gradient: (_ example: Int) -> UnsafePointer<Float>
    ) {
        let width = layout.parameters[id.index].shape.last ?? 1
        var absolute = [Double](repeating: 0, count: count)
        var sum = absolute
        var squares = absolute
        var signs = [Float](repeating: 0, count: count)
        for example in 0..<exampleCount {
            let values = gradient(example)
            knas_accumulate_moments(Int64(count), values, &absolute, &sum, &squares)
            knas_accumulate_signs(
                Int64(count / width), Int64(width), values, Self.signThreshold, &signs)
        }
        let n = Double(exampleCount)
        var entry = entries[id] ?? Entry()
        for index in 0..<count {
            entry.signAgreement += Double(abs(signs[index]))
            let mean = sum[index] / n
            let variance = squares[index] / n - mean * mean
            // Signs and the comparison below would hide NaNs.
            if !variance.isFinite { entry = Entry(meanToSpread: .nan, signAgreement: .nan) }
            // Below this, the difference is rounding error of the sums, not spread.
            if variance > 1e-12 * squares[index] / n {
                entry.meanToSpread += absolute[index] / n / variance.squareRoot()
            }
        }
        entries[id] = entry
    }

    /// Entries of the block whose sums are formed at a time: 256 kB of the second-level cache.
    private static let blockEntries = 1 << 13
}
