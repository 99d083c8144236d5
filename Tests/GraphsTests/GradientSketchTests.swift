import Graphs
import Support
import TestSupport
import Testing

@Suite("Sketched gradient kernels")
struct GradientSketchTests {
    /// The loss Gram matrix of the reference transformer, `[12, 12]`.
    private func gram(_ head: ReferenceHead, _ sketch: GradientSketch?) -> [Double] {
        let executor = Executor(head.graph)
        let logits = executor.forward(
            head.batch, parameters: head.parameters, mode: .differentiation)
        let gradients = CrossEntropy.evaluate(
            logits: logits, labels: head.labels, classes: 3
        ).gradients
        let sink = GramAccumulator(head.graph, examples: 12, sketch: sketch)
        executor.backward(gradients, into: sink)
        sink.finish()
        return sink.total
    }

    private func sketches(_ head: ReferenceHead, size: Int, count: Int) -> [[Double]] {
        (0..<count).map {
            gram(head, GradientSketch(size: size, key: RandomKey(seed: 7).child($0)))
        }
    }

    @Test("are unbiased: their mean over many draws is the exact kernel")
    func unbiased() throws {
        let head = try ReferenceHead("gram_transformer")
        let exact = gram(head, nil)
        let draws = sketches(head, size: 4, count: 300)
        let mean = exact.indices.map { place in
            draws.reduce(0) { $0 + $1[place] } / Double(draws.count)
        }
        let one = draws.reduce(0) { $0 + relativeError($1, exact) } / Double(draws.count)
        // The error of a mean of 300 is 17 times smaller than that of one.
        #expect(relativeError(mean, exact) < 2 * one / 300.0.squareRoot())
    }

    @Test("have an error that falls with the number of directions")
    func error() throws {
        let head = try ReferenceHead("gram_transformer")
        let exact = gram(head, nil)
        let errors = [4, 16, 64].map { size in
            sketches(head, size: size, count: 20).reduce(0) { $0 + relativeError($1, exact) } / 20
        }
        #expect(errors[1] < 0.5 * errors[0] && errors[2] < 0.5 * errors[1], "\(errors)")
        // As many directions as the layers are wide project nothing.
        #expect(
            relativeError(gram(head, GradientSketch(size: 1024, key: RandomKey(seed: 1))), exact)
                < 1e-9)
    }

    @Test("are the same for the same key, symmetric, and differ for others")
    func deterministic() throws {
        let head = try ReferenceHead("gram_linear")
        let found = [1, 1, 2].map {
            gram(head, GradientSketch(size: 8, key: RandomKey(seed: $0)))
        }
        #expect(found[0] == found[1] && found[0] != found[2])
        for i in 0..<12 {
            for j in 0..<i { #expect(found[0][i * 12 + j] == found[0][j * 12 + i]) }
        }
    }
}
