import Graphs
import Metrics
import Support
import Testing

/// Losses of every kind of target.
@Suite struct LossTests {
    private static let targets: [Targets] = [
        .classes([2, 0, 1]), .labels([1, 0, 1, 0, 0, 0, 1, 1, 1], count: 3),
        .numbers([0.5, -4, 12], NumberScale(mean: 2, deviation: 3)),
    ]

    @Test(
        "gradients are the finite differences of the losses", arguments: 0..<3, [0, 0.2] as [Float])
    func gradients(kind: Int, smoothing: Float) {
        let targets = Self.targets[kind]
        let outputs = targets.kind == .number ? 1 : 3
        var generator = RandomKey(seed: 3).generator()
        let logits = (0..<3 * outputs).map { _ in generator.uniform(bound: Float(2)) }
        let weights: [Float] = [1, 0.5, 2]
        func losses(_ logits: [Float]) -> (losses: [Float], gradients: [Float]) {
            Loss.evaluate(
                logits: logits, targets: targets, outputs: outputs, weights: weights,
                smoothing: smoothing)
        }
        let (_, gradients) = losses(logits)
        let step: Float = 1 / 64
        for place in logits.indices {
            var (up, down) = (logits, logits)
            up[place] += step
            down[place] -= step
            let row = place / outputs
            let slope = (losses(up).losses[row] - losses(down).losses[row]) / (2 * step)
            #expect(abs(slope - gradients[place]) < 2e-3, "\(targets.kind) \(place)")
        }
    }

    @Test("extreme logits have finite losses")
    func extremes() {
        for logit: Float in [-200, 200] {
            let labels = Loss.evaluate(
                logits: [logit, logit], targets: .labels([1, 0], count: 2), outputs: 2)
            #expect(labels.losses == [200] && labels.gradients.allSatisfy(\.isFinite))
        }
    }
}
