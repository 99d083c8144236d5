import CKernels
import Tensors

/// Accumulates the Gram matrix of per-example gradients, `K_ij = <g_i, g_j>`, parameter by parameter;
/// the `[examples, parameters]` Jacobian never exists in memory.
///
/// For a linear layer with inputs `X_i` and output gradients `D_i` over the rows of example `i`,
/// the gradients are `D_i' X_i`, and there are two ways to compute their inner products (Novak et
/// al., ICML 2022, section 3): form the gradients, block of rows by block of rows, and multiply; or
/// sum `(x_it . x_js)(d_it . d_js)` over pairs of rows. The cheaper one is chosen by counting
/// operations.
public final class GramAccumulator: GradientSink {
    /// How Gram matrices of linear layers are formed.
    public enum Method: Sendable {
        /// Whichever takes fewer operations.
        case cheaper
        /// Materialised gradients.
        case gradients
        /// Products of pairs of rows.
        case rowPairs
    }

    public let exampleCount: Int
    /// Row-major, `[examples, examples]`, symmetric.
    public private(set) var total: [Double]
    /// The part of every parameter, filled when asked for.
    public private(set) var parts: [ParameterID: [Double]] = [:]
    private let method: Method
    private let sketch: GradientSketch?
    private let keepsParts: Bool
    private let shared: Set<ParameterID>
    private var pending: [ParameterID: FloatStorage] = [:]
    /// Scratch space for a matrix library's product, `[examples, examples]`; the lower triangle
    /// counts.
    private var product: [Float]
    /// Sums of products, `[examples, examples]`; the lower triangle counts.
    private var lower: [Double]
    /// Whether products are formed by this program's own loops rather than by the matrix library.
    private let usesOwnProducts: Bool

    /// - Parameters:
    ///   - graph: the graph whose gradients will arrive; parameters that several nodes share are
    ///     formed whole, as their gradients add up before the product is taken.
    ///   - examples: number of examples n.
    ///   - sketch: projections for the gradients of linear layers; `nil` for exact inner products.
    ///   - usesOwnProducts: whether this program's own loops form the products; the default is
    ///     whichever is faster on this processor.
    public init(
        _ graph: Graph, examples: Int, method: Method = .cheaper, sketch: GradientSketch? = nil,
        keepsParts: Bool = false,
        usesOwnProducts: Bool = knas_prefers_own_products() != 0
    ) {
        exampleCount = examples
        self.method = method
        self.sketch = sketch
        self.keepsParts = keepsParts
        total = Array(repeating: 0, count: examples * examples)
        lower = total
        self.usesOwnProducts = usesOwnProducts
        product = Array(repeating: 0, count: usesOwnProducts ? 0 : examples * examples)
        var seen: Set<ParameterID> = []
        var shared: Set<ParameterID> = []
        for node in graph.nodes {
            for id in Graph.parameters(of: node.primitive) where !seen.insert(id).inserted {
                shared.insert(id)
            }
        }
        self.shared = shared
    }

    public func accept(_ gradient: NodeGradient) {
        if case .linear(let weight, let bias) = gradient.primitive, !shared.contains(weight) {
            let wanted = gradient.parameters
            if wanted.contains(weight) { addLinear(gradient, weight) }
            if let bias, wanted.contains(bias) { addMaterialised(gradient, [bias]) }
        } else {
            addMaterialised(gradient, gradient.parameters)
        }
    }

    /// Adds what is pending for parameters that several nodes share; call after the backward pass.
    public func finish() {
        for (id, gradients) in pending {
            add(id, gradients.pointer, width: gradients.count / exampleCount)
        }
        pending.removeAll()
    }

    // MARK: Forms

    private func addMaterialised(_ gradient: NodeGradient, _ ids: [ParameterID]) {
        for id in ids {
            let width = gradient.count(id)
            if shared.contains(id) {
                let storage = pending[id] ?? FloatStorage(count: exampleCount * width)
                pending[id] = storage
                fill(gradient, id, storage.pointer, width)
            } else {
                gradient.pool.with(exampleCount * width) { rows in
                    rows.update(repeating: 0, count: exampleCount * width)
                    fill(gradient, id, rows, width)
                    add(id, rows, width: width)
                }
            }
        }
    }

    private func fill(
        _ gradient: NodeGradient, _ id: ParameterID, _ rows: UnsafeMutablePointer<Float>,
        _ width: Int
    ) {
        for example in 0..<exampleCount {
            gradient.add(examples: example..<example + 1) {
                $0 == id ? rows + example * width : nil
            }
        }
    }

    private func addLinear(_ gradient: NodeGradient, _ weight: ParameterID) {
        let rows = gradient.batch.rowCount(gradient.space)
        let inputs = gradient.inputWidth
        let outputs = gradient.width
        let n = exampleCount
        if let sketch, inputs > sketch.size || outputs > sketch.size {
            return addSketched(gradient, weight, rows: rows, sketch)
        }
        // Multiplications in either form; row pairs do about half of the symmetric matrices.
        let gradientCost = rows * inputs * outputs + n * n * inputs * outputs / 2
        let pairCost = rows * rows * (inputs + outputs + 2) / 2
        let usesPairs =
            switch method {
            case .cheaper: pairCost < gradientCost
            case .gradients: false
            case .rowPairs: true
            }
        if usesPairs {
            addRowPairs(gradient, weight, rows: rows)
        } else {
            addBlocks(gradient, weight)
        }
    }

    /// Materialises a block of every example's gradient at a time: some output rows of some inputs.
    private func addBlocks(_ gradient: NodeGradient, _ weight: ParameterID) {
        let (inputs, outputs) = (gradient.inputWidth, gradient.width)
        let height = min(outputs, Self.blockRows)
        let width =
            usesOwnProducts
            ? min(inputs, max(Self.blockColumns, Self.blockFloats / (exampleCount * height) & ~15))
            : inputs
        let rows = (0..<exampleCount).map { gradient.rows(of: $0..<$0 + 1) }
        gradient.pool.with(exampleCount * height * width) { block in
            for first in stride(from: 0, to: outputs, by: height) {
                let outputs = first..<min(outputs, first + height)
                for first in stride(from: 0, to: inputs, by: width) {
                    let inputs = first..<min(inputs, first + width)
                    let count = outputs.count * inputs.count
                    for (example, rows) in rows.enumerated() {
                        fill(block + example * count, gradient, rows, outputs, inputs)
                    }
                    addProducts(block, width: count)
                }
            }
        }
        record(weight)
    }

    /// A part of one example's gradient, `[outputs, inputs]`.
    private func fill(
        _ target: UnsafeMutablePointer<Float>, _ gradient: NodeGradient, _ rows: Range<Int>,
        _ outputs: Range<Int>, _ inputs: Range<Int>
    ) {
        guard usesOwnProducts else {
            gradient.addWeight(
                rows: rows, outputs: outputs, inputs: inputs, to: target, beta: 0)
            return
        }
        let (strideD, strideX) = (gradient.width, gradient.inputWidth)
        knas_outer_products(
            Int64(outputs.count), Int64(inputs.count), Int64(rows.count),
            gradient.outputGradient + rows.lowerBound * strideD + outputs.lowerBound,
            Int64(strideD), gradient.input + rows.lowerBound * strideX + inputs.lowerBound,
            Int64(strideX), target, Int64(inputs.count))
    }

    private func addRowPairs(_ gradient: NodeGradient, _ weight: ParameterID, rows: Int) {
        let inputs = gradient.inputWidth
        let outputs = gradient.width
        let offsets = (0...exampleCount).map {
            Int64(gradient.batch.firstRow(ofExample: $0, in: gradient.space))
        }
        let pool = gradient.pool
        // Some examples' rows at a time, against those of all examples up to them: the other half
        // is symmetric, and the products of all rows with all would not fit into the cache.
        var first = 0
        while first < exampleCount {
            var last = first + 1
            while last < exampleCount, offsets[last + 1] - offsets[first] <= Self.pairRows {
                last += 1
            }
            let start = Int(offsets[first])
            let (m, n) = (Int(offsets[last]) - start, Int(offsets[last]))
            let (x, d) = (gradient.input, gradient.outputGradient)
            pool.with(m * rows) { a in
                pool.with(m * rows) { b in
                    BLAS.multiply(
                        x + start * inputs, strideA: inputs, x, .transposed, strideB: inputs,
                        into: a, strideC: n, m: m, n: n, k: inputs)
                    BLAS.multiply(
                        d + start * outputs, strideA: outputs, d, .transposed, strideB: outputs,
                        into: b, strideC: n, m: m, n: n, k: outputs)
                    knas_block_products(
                        Int64(exampleCount), Int64(first), Int64(last), offsets, Int64(n), a, b,
                        &lower)
                }
            }
            first = last
        }
        record(weight)
    }

    /// Materialises every example's projected gradient.
    private func addSketched(
        _ gradient: NodeGradient, _ weight: ParameterID, rows: Int, _ sketch: GradientSketch
    ) {
        let pool = gradient.pool
        func projected(
            _ side: GradientSketch.Side, _ values: UnsafePointer<Float>, width: Int,
            _ body: (UnsafePointer<Float>, Int) -> Void
        ) {
            guard let directions = sketch.directions(side, of: weight, width: width) else {
                return body(values, width)
            }
            pool.with(rows * sketch.size) { target in
                BLAS.multiply(
                    values, strideA: width, directions.pointer, .transposed, strideB: width,
                    into: target, strideC: sketch.size, m: rows, n: sketch.size, k: width)
                body(target, sketch.size)
            }
        }
        projected(.inputs, gradient.input, width: gradient.inputWidth) { x, inputs in
            projected(.outputs, gradient.outputGradient, width: gradient.width) { d, outputs in
                let count = inputs * outputs
                pool.with(exampleCount * count) { block in
                    block.update(repeating: 0, count: exampleCount * count)
                    for example in 0..<exampleCount {
                        let rows = gradient.rows(of: example..<example + 1)
                        knas_outer_products(
                            Int64(outputs), Int64(inputs), Int64(rows.count),
                            d + rows.lowerBound * outputs, Int64(outputs),
                            x + rows.lowerBound * inputs, Int64(inputs), block + example * count,
                            Int64(inputs))
                    }
                    addProducts(block, width: count)
                }
            }
        }
        record(weight)
    }

    /// Rows whose products with all rows are formed at a time.
    private static let pairRows = 512

    private func add(_ id: ParameterID, _ rows: UnsafePointer<Float>, width: Int) {
        addProducts(rows, width: width)
        record(id)
    }

    /// Adds `G G'` for rows `G` `[examples, width]` to the lower triangle.
    private func addProducts(_ rows: UnsafePointer<Float>, width: Int) {
        let n = exampleCount
        if usesOwnProducts {
            knas_gram_lower(Int64(n), Int64(width), rows, Int64(width), &lower)
            return
        }
        product.withUnsafeMutableBufferPointer {
            BLAS.multiplyByOwnTranspose(
                rows, strideA: width, into: $0.baseAddress!, strideC: n, n: n, k: width)
        }
        for i in 0..<n {
            for j in 0...i { lower[i * n + j] += Double(product[i * n + j]) }
        }
    }

    /// Adds the lower triangle to both halves of the sums, and clears it.
    private func record(_ id: ParameterID) {
        let n = exampleCount
        for i in 0..<n {
            for j in 0..<i { lower[j * n + i] = lower[i * n + j] }
        }
        for index in lower.indices { total[index] += lower[index] }
        if keepsParts {
            var part = parts[id] ?? Array(repeating: 0, count: n * n)
            for index in lower.indices { part[index] += lower[index] }
            parts[id] = part
        }
        for index in lower.indices { lower[index] = 0 }
    }

    /// Floats of the block of gradients that is formed at a time: half of the second-level cache.
    private static let blockFloats = 1 << 17
    /// Output rows that are formed at a time: thinner products run far below the machine's speed,
    /// which costs more than the cache saves when there are many examples.
    private static let blockRows = 32
    /// The fewest inputs that are formed at a time.
    private static let blockColumns = 48
}
