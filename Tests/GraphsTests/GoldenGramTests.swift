import Graphs
import Tensors
import TestSupport
import Testing

@Suite("Gradient kernels equal those of an independent implementation")
struct GoldenGramTests {
    @Test("logits and losses agree", arguments: ["gram_linear", "gram_transformer"])
    func forward(_ name: String) throws {
        let head = try ReferenceHead(name)
        let executor = Executor(head.graph)
        let logits = executor.forward(head.batch, parameters: head.parameters)
        let found = (0..<12 * 3).map { Double(logits[$0]) }
        #expect(relativeError(found, try head.file.floats("logits").map(Double.init)) < 1e-5)
        let losses = CrossEntropy.evaluate(
            logits: logits, labels: head.labels, classes: 3
        ).losses
        #expect(
            relativeError(
                losses.map(Double.init), try head.file.floats("losses").map(Double.init)) < 1e-5)
    }

    @Test(
        "the loss Gram matrix of every parameter agrees, whichever way it is formed",
        arguments: ["gram_linear", "gram_transformer"],
        [GramAccumulator.Method.cheaper, .gradients, .rowPairs])
    func lossGram(_ name: String, _ method: GramAccumulator.Method) throws {
        for own in [true, false] { try lossGram(name, method, usesOwnProducts: own) }
    }

    private func lossGram(
        _ name: String, _ method: GramAccumulator.Method, usesOwnProducts: Bool
    ) throws {
        let head = try ReferenceHead(name)
        let executor = Executor(head.graph)
        let logits = executor.forward(
            head.batch, parameters: head.parameters, mode: .differentiation)
        let gradients = CrossEntropy.evaluate(
            logits: logits, labels: head.labels, classes: 3
        ).gradients
        let sink = GramAccumulator(
            head.graph, examples: 12, method: method, keepsParts: true,
            usesOwnProducts: usesOwnProducts)
        executor.backward(gradients, into: sink)
        sink.finish()
        let total = try head.file.floats("loss_gram").map(Double.init)
        #expect(relativeError(sink.total, total) < 1e-4)
        for (id, part) in sink.parts {
            let parameter = head.graph.parameters[id.index].name
            let expected = try head.file.floats("loss_gram.\(parameter)").map(Double.init)
            #expect(relativeError(part, expected) < 1e-4, "\(parameter)")
        }
        #expect(sink.parts.count == head.graph.parameters.count)
        let mean = sink.total.reduce(0, +) / 144
        let expected = Double(try head.file.floats("score.mgm")[0])
        #expect(abs(mean - expected) < 1e-4 * abs(expected))
    }

    @Test("the output Gram matrix agrees", arguments: ["gram_linear", "gram_transformer"])
    func outputGram(_ name: String) throws {
        let head = try ReferenceHead(name)
        let executor = Executor(head.graph)
        _ = executor.forward(head.batch, parameters: head.parameters, mode: .differentiation)
        let sink = GramAccumulator(head.graph, examples: 12)
        for output in 0..<3 {
            var direction = [Float](repeating: 0, count: 36)
            for example in 0..<12 { direction[example * 3 + output] = 1 }
            executor.backward(direction, into: sink)
        }
        sink.finish()
        let expected = try head.file.floats("ntk_trace_gram").map(Double.init)
        #expect(relativeError(sink.total, expected) < 1e-4)
    }

    @Test("the mean of the Gram matrix is the squared norm of the mean gradient")
    func meanIsSquaredNorm() throws {
        let head = try ReferenceHead("gram_transformer")
        let executor = Executor(head.graph)
        let logits = executor.forward(
            head.batch, parameters: head.parameters, mode: .differentiation)
        let gradients = CrossEntropy.evaluate(
            logits: logits, labels: head.labels, classes: 3
        ).gradients
        let sink = BatchGradient(head.parameters.layout)
        executor.backward(gradients, into: sink)
        let norm = sink.storage.array.reduce(0.0) { $0 + Double($1) * Double($1) } / 144
        let expected = Double(try head.file.floats("score.mgm")[0])
        #expect(abs(norm - expected) < 1e-4 * abs(expected))
    }
}
