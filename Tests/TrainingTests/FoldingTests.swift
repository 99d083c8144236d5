import Graphs
import Heads
import Support
import Tensors
import TestSupport
import Testing

@Suite("Nodes that training computes where they are used")
struct FoldingTests {
    /// Folded nodes before trained weights and behind them: attention over a concatenation, a product
    /// and a difference that only a concatenation reads.
    private func graph(heads: Int) -> Graph {
        var builder = GraphBuilder(segments: 2)
        let x = builder.input(slot: 0, width: 16)
        let first = builder.linear(x, to: 8, name: "first")
        let second = builder.linear(x, to: 8, name: "second")
        let attended = builder.attention(
            builder.concatenate([first, second, first]), heads: heads, source: .partner)
        let raw = builder.attention(builder.concatenate([x, x, x]), heads: 1, source: .own)
        let compared = builder.concatenate([
            attended, builder.binary(.absoluteDifference, first, attended),
            builder.binary(.multiply, second, attended), builder.binary(.multiply, x, raw),
        ])
        let hidden = builder.activation(builder.linear(compared, to: 8, name: "hidden"), .gelu)
        let logits = builder.linear(builder.pool(hidden, .mean), to: 2, name: "classifier")
        return builder.build(output: builder.segment(logits, 0))
    }

    @Test("give the logits and gradients of a pass that keeps every value", arguments: [1, 2])
    func synthetic(heads: Int) throws { try check(graph(heads: heads)) }

    @Test(
        "do so in heads of the space",
        arguments: [
            "alignment(compare=all,width=64) > pool-mean > pair > classifier(dropout=0)",
            "alignment(compare=concatenation,width=full) > pool-max > pair > classifier(dropout=0)",
            "projection(width=64) > cross-attention(heads=2,dropout=0) > pool-attention > "
                + "pair(kind=all) > classifier(hidden=32,dropout=0)",
        ])
    func heads(text: String) throws {
        let space = SearchSpace(context: HeadContext(inputWidth: 16, classes: 2, segments: 2))
        try check(space.graph(of: try space.genotype(text)))
    }

    private func check(_ graph: Graph) throws {
        let features = try SyntheticFeatures.make(examples: 12, segments: 2, seed: 4)
        let batch = try features.batch(Array(0..<12), slots: graph.inputSlots)
        let parameters = ParameterSet(graph)
        parameters.initialize(key: RandomKey(seed: 5))
        let slopes = (0..<24).map { Float($0 % 5) - 2 }
        func pass(_ mode: Executor.Mode) -> (logits: [Float], gradient: [Float]) {
            let executor = Executor(graph)
            let logits = Array(
                UnsafeBufferPointer(
                    start: executor.forward(batch.batch, parameters: parameters, mode: mode),
                    count: 24))
            let gradient = BatchGradient(parameters.layout)
            executor.backward(slopes, into: gradient)
            return (logits, gradient.storage.array)
        }
        let (folded, plain) = (pass(.training(key: 1)), pass(.differentiation))
        #expect(folded.logits == plain.logits)
        #expect(folded.gradient == plain.gradient)
        #expect(folded.gradient.contains { $0 != 0 })
    }
}
