import Features
import Graphs
import Heads
import Metrics
import Support
import TestSupport
import Testing
import Training

@Suite("Linear heads fitted exactly")
struct LogisticPathTests {
    private func graph(_ text: String, segments: Int = 2) throws -> Graph {
        let space = SearchSpace(
            context: HeadContext(inputWidth: 16, classes: 2, segments: segments))
        return space.graph(of: try space.genotype(text))
    }

    @Test("only a head whose weights are its linear classifier's has a linear readout")
    func readout() throws {
        let pair = "pool-mean > pair > classifier"
        #expect(try graph("projection(width=full) > \(pair)").linearReadout != nil)
        #expect(
            try graph("alignment(width=full) > \(pair)(norm=standard)").linearReadout != nil)
        #expect(
            try graph("projection(width=full) > pool-max > classifier", segments: 1).linearReadout
                != nil)
        #expect(try graph("projection(width=64) > \(pair)").linearReadout == nil)
        #expect(try graph("projection(width=full) > \(pair)(hidden=32)").linearReadout == nil)
        #expect(try graph("projection(width=full) > \(pair)(norm=layer)").linearReadout == nil)
    }

    @Test("weaker penalties fit train more closely, and separable classes are separated")
    func path() throws {
        let train = try SyntheticFeatures.make(examples: 300, segments: 2, seed: 1)
        let dev = try SyntheticFeatures.make(examples: 100, segments: 2, seed: 2)
        let head = try graph(
            "alignment(compare=concatenation,width=full) > pool-mean > pair > "
                + "classifier(norm=standard,dropout=0)")
        let path = try LogisticPath(
            head, train: train, dev: dev, classes: 2, key: RandomKey(seed: 3))
        #expect(path.heads.count >= 7 && LogisticPath.isComplete(path.heads))
        let losses = path.heads.map { $0.history[0].trainingLoss }
        #expect(zip(losses, losses.dropFirst()).allSatisfy { $0 > $1 })
        #expect(ClassificationMetrics(path.heads.last!.dev).accuracy > 0.9)

        let byMCC = try LogisticPath(
            head, train: train, dev: dev, classes: 2, criterion: SelectionCriterion(.mcc),
            key: RandomKey(seed: 3))
        for (fit, other) in zip(path.heads, byMCC.heads) {
            #expect(fit.parameters.storage.array == other.parameters.storage.array)
            #expect(other.history[0].devScore == ClassificationMetrics(other.dev).mcc)
            #expect(other.history[0].devAccuracy == fit.history[0].devScore)
        }

        // Any further step along a coordinate makes the penalised loss larger.
        let best = path.heads.last!
        let strength = LogisticPath.strengths[path.heads.count - 1]
        func objective(_ parameters: ParameterSet) throws -> Double {
            let fit = try predict(Executor(head), parameters, train, classes: 2)
            let weights = parameters.values(head.parameters[head.linearReadout!.weight.index].name)!
            return ClassificationMetrics(fit).crossEntropy
                + weights.reduce(0) { $0 + Double($1) * Double($1) } / (2 * strength * 300)
        }
        let minimum = try objective(best.parameters)
        for coordinate in stride(from: 0, to: 256, by: 37) {
            for change in [Float(-0.02), 0.02] {
                let moved = best.parameters.copy()
                moved.storage.pointer[coordinate] += change
                #expect(try objective(moved) > minimum)
            }
        }
    }

    @Test("a path continues to weaker penalties only while dev's cross entropy falls")
    func end() throws {
        let head = try graph(
            "projection(width=full) > pool-mean > classifier(norm=standard,dropout=0)", segments: 1)
        func losses(noise: Float) throws -> [Double] {
            let path = try LogisticPath(
                head,
                train: try SyntheticFeatures.make(examples: 120, noise: noise, seed: 1),
                dev: try SyntheticFeatures.make(examples: 400, noise: noise, seed: 2), classes: 2,
                key: RandomKey(seed: 3))
            return path.heads.map { $0.history[0].devCrossEntropy }
        }
        let easy = try losses(noise: 0.5)
        #expect(easy.count == LogisticPath.strengths.count)
        let hard = try losses(noise: 12)
        #expect((7..<LogisticPath.strengths.count).contains(hard.count))
        #expect(hard.suffix(2)[hard.count - 1] > hard.suffix(2)[hard.count - 2])
        for fits in [easy, hard] {
            #expect(zip(fits, fits.dropFirst()).dropFirst(6).dropLast().allSatisfy { $0 >= $1 })
        }
    }

    @Test("texts of one token are aligned with each other, whatever they are")
    func alignment() throws {
        let head = try graph(
            "alignment(compare=difference,width=full) > pool-mean > pair(kind=concatenation) > "
                + "classifier(dropout=0)")
        let parameters = ParameterSet(head)
        // The first class reads feature 3 of the first text, the second feature 5 of the second.
        let weight = head.parameters[head.linearReadout!.weight.index].name
        var weights = [Float](repeating: 0, count: 64)
        weights[3] = 1
        weights[32 + 16 + 5] = 1
        parameters.initialize(key: RandomKey(seed: 1))
        parameters.set(weight, weights)
        parameters.set(head.parameters[head.linearReadout!.bias.index].name, [0, 0])
        let rows: [Float] = (0..<32).map { Float(($0 * 7) % 11) }
        let features = try FeatureSet(
            storing: rows, lengths: [1, 1], width: 16, segments: 2, labels: [0],
            at: TinyEncoder.temporaryDirectory().appendingPathComponent("features"))
        let batch = try features.batch([0], slots: head.inputSlots)
        let executor = Executor(head)
        let logits = executor.forward(batch.batch, parameters: parameters)
        #expect(logits[0] == abs(rows[3] - rows[16 + 3]))
        #expect(logits[1] == abs(rows[5] - rows[16 + 5]))
        withExtendedLifetime(executor) {}
    }
}
