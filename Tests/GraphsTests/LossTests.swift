import Foundation
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

    /// The central difference of a function at one of its arguments.
    private static func slope(
        _ logits: [Float], _ place: Int, of function: ([Float]) -> Float
    ) -> Float {
        let step: Float = 1 / 64
        var (up, down) = (logits, logits)
        up[place] += step
        down[place] -= step
        return (function(up) - function(down)) / (2 * step)
    }

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
        for place in logits.indices {
            let row = place / outputs
            let slope = Self.slope(logits, place) { losses($0).losses[row] }
            #expect(abs(slope - gradients[place]) < 2e-3, "\(targets.kind) \(place)")
        }
    }

    @Test(
        "the gradients of the distance of two answers are its finite differences",
        arguments: TargetKind.allCases)
    func consistency(kind: TargetKind) {
        let outputs = kind == .number ? 1 : 3
        var generator = RandomKey(seed: 4).generator()
        let logits = (0..<4 * outputs).map { _ in generator.uniform(bound: Float(2)) }
        func evaluate(_ logits: [Float]) -> (distances: [Float], gradients: [Float]) {
            Consistency.evaluate(logits: logits, kind: kind, pairs: 2, outputs: outputs)
        }
        let (distances, gradients) = evaluate(logits)
        for place in logits.indices {
            let pair = place / outputs % 2
            let slope = Self.slope(logits, place) { evaluate($0).distances[pair] }
            #expect(abs(slope - gradients[place]) < 1e-3, "\(place)")
        }
        // The same in either order, and nothing where both agree.
        let half = 2 * outputs
        #expect(distances.allSatisfy { $0 > 0 })
        #expect(evaluate(Array(logits[half...] + logits[..<half])).distances == distances)
        let equal = evaluate(Array(logits[..<half] + logits[..<half]))
        #expect((equal.distances + equal.gradients).allSatisfy { $0 == 0 })
    }

    @Test("two certain answers that differ are far apart, by a known distance")
    func divergence() {
        // Probabilities 0.8, 0.2 and 0.5, 0.5: half the sum of 0.8 ln 1.6 + 0.2 ln 0.4 and 0.5 ln (1 / 0.64).
        let logits: [Float] = [4, 1, 0, 0].map { $0 > 0 ? Foundation.log($0) : 0 }
        let found = Consistency.evaluate(logits: logits, kind: .oneClass, pairs: 1, outputs: 2)
        #expect(abs(found.distances[0] - 0.207944) < 1e-6)
        let far = Consistency.evaluate(
            logits: [200, -200, -200, 200], kind: .oneClass, pairs: 1, outputs: 2)
        #expect(far.distances == [400] && far.gradients.allSatisfy(\.isFinite))
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
