import Features
import Graphs
import Support
import Tensors

/// What the classifier of a linear head reads of each example, as one table: mean-pooled hidden states and
/// the like.
public struct ReadoutRows: Sendable {
    /// `[examples, width]`, row by row.
    public let values: [Float]
    /// Numbers of an example.
    public let width: Int

    /// Number of examples.
    public var count: Int { values.count / max(1, width) }

    /// Runs the head up to its last linear layer; where that standardises its input, up to there.
    ///
    /// - Parameters:
    ///   - graph: a head with a ``Graph/linearReadout``; what it standardises before that is computed from
    ///     the first examples.
    ///   - key: decides nothing but the examples of that.
    /// - Throws: what reading the features throws.
    /// - Precondition: the head has no trained weights before its classifier.
    public init(_ graph: Graph, _ features: FeatureSet, key: RandomKey) throws {
        guard let readout = graph.linearReadout else {
            preconditionFailure("the head has trained weights before its classifier")
        }
        let parameters = ParameterSet(graph)
        parameters.initialize(key: key.child("init"))
        try calibrate(graph, parameters, features, examples: 256, key)
        var body = readout.body
        let last = body.nodes[body.output.node]
        if case .affine(let scale, _) = last.primitive, body.isCalibrated(scale) {
            body = body.upTo(node: last.inputs[0])
        }
        width = body.output.width
        values = try outputRows(Executor(body), parameters, features).array
    }

    /// Rows whose columns have mean zero and variance one over the examples; a column that never changes is
    /// zero.
    public var standardized: ReadoutRows {
        let storage = FloatStorage(values)
        let result = Standardization(storage, rows: count).apply(storage, rows: count)
        return ReadoutRows(values: result.array, width: width)
    }

    /// Rows that come from elsewhere.
    /// - Parameter values: `[examples, width]`, row by row.
    public init(values: [Float], width: Int) {
        self.values = values
        self.width = width
    }

    /// Some of the examples, in the order given.
    public func subset(_ examples: [Int]) -> ReadoutRows {
        ReadoutRows(
            values: examples.flatMap { values[$0 * width..<($0 + 1) * width] }, width: width)
    }
}
