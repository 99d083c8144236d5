import Foundation
import Metrics

/// How far two answers for the same example are apart, e.g. under two dropout masks: the second term of
/// R-Drop (Liang et al., NeurIPS 2021, equation 2).
///
/// - classes: half the sum of the Kullback-Leibler divergences in both directions, in nats;
/// - labels: the sum over labels of the same;
/// - numbers: `(a - b)^2 / 2`, in units of the training rows' deviation from their mean.
///
/// It is 0 where the answers are equal, and the same in either order.
public enum Consistency {
    /// Distances, `[examples]`, and their gradients with respect to all logits, `[2 * examples, outputs]`, each
    /// pair's own (nothing is divided by the number of examples).
    ///
    ///     // Two examples of three classes, each answered twice: rows 0 and 2 are one example, 1 and 3 the other.
    ///     let (distances, gradients) = Consistency.evaluate(logits: logits, kind: .oneClass, pairs: 2, outputs: 3)
    ///
    /// - Parameters:
    ///   - logits: `[2 * examples, outputs]`: all first answers, then all second ones.
    ///   - kind: what the logits are made answers of.
    ///   - pairs: the number of examples.
    ///   - outputs: logits of an answer.
    public static func evaluate(
        logits: UnsafePointer<Float>, kind: TargetKind, pairs: Int, outputs: Int
    ) -> (distances: [Float], gradients: [Float]) {
        var distances = [Float](repeating: 0, count: pairs)
        var gradients = [Float](repeating: 0, count: 2 * pairs * outputs)
        for pair in 0..<pairs {
            let places = [pair * outputs, (pairs + pair) * outputs]
            let answers = places.map { place in (0..<outputs).map { Double(logits[place + $0]) } }
            let result = distance(answers[0], answers[1], kind)
            distances[pair] = Float(result.distance)
            for (place, own) in zip(places, [result.first, result.second]) {
                for output in 0..<outputs { gradients[place + output] = Float(own[output]) }
            }
        }
        return (distances, gradients)
    }

    /// The distance of two answers, and its gradients with respect to their logits.
    private static func distance(
        _ a: [Double], _ b: [Double], _ kind: TargetKind
    ) -> (distance: Double, first: [Double], second: [Double]) {
        switch kind {
        case .number:
            let gap = a[0] - b[0]
            return (gap * gap / 2, [gap], [-gap])
        case .labels:
            let (p, q) = (a.map(sigmoid), b.map(sigmoid))
            var sum = 0.0
            var gradients = (a, b)
            for label in a.indices {
                let (gap, change) = (a[label] - b[label], p[label] - q[label])
                sum += change * gap / 2
                gradients.0[label] = (p[label] * (1 - p[label]) * gap + change) / 2
                gradients.1[label] = -(q[label] * (1 - q[label]) * gap + change) / 2
            }
            return (sum, gradients.0, gradients.1)
        case .oneClass:
            let (p, q) = (logSoftmax(a), logSoftmax(b))
            let gaps = zip(p, q).map { $0 - $1 }
            let shares = (p.map { exp($0) }, q.map { exp($0) })
            let forward = zip(shares.0, gaps).reduce(0) { $0 + $1.0 * $1.1 }
            let backward = zip(shares.1, gaps).reduce(0) { $0 - $1.0 * $1.1 }
            let gradients = a.indices.map { place in
                let (own, other, gap) = (shares.0[place], shares.1[place], gaps[place])
                return (
                    (own * (gap - forward) + own - other) / 2,
                    (other * (-gap - backward) + other - own) / 2
                )
            }
            return ((forward + backward) / 2, gradients.map(\.0), gradients.map(\.1))
        }
    }

    private static func sigmoid(_ logit: Double) -> Double { 1 / (1 + exp(-logit)) }

    private static func logSoftmax(_ logits: [Double]) -> [Double] {
        let largest = logits.max() ?? 0
        let sum = log(logits.reduce(0) { $0 + exp($1 - largest) }) + largest
        return logits.map { $0 - sum }
    }
}
