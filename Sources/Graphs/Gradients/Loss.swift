import Foundation
import Metrics

/// The loss that heads are trained and scored with: it follows from what the targets are.
///
/// - classes: softmax cross entropy;
/// - labels: the sum over labels of the sigmoid cross entropy, `log(1 + exp(z)) - y z`;
/// - numbers: `(z - y)^2 / 2`, with y in units of the training rows' deviation from their mean.
public enum Loss {
    /// Losses, `[examples]`, and their gradients with respect to the logits, `[examples, outputs]`, each
    /// example's own (nothing is divided by the number of examples).
    ///
    /// - Parameters:
    ///   - logits: `[examples, outputs]`.
    ///   - weights: a factor for each example's loss, or `nil`.
    ///   - smoothing: the share of the target that is spread evenly over the classes, or over a label's
    ///     presence and absence; numbers have none.
    public static func evaluate(
        logits: UnsafePointer<Float>, targets: Targets, outputs: Int, weights: [Float]? = nil,
        smoothing: Float = 0
    ) -> (losses: [Float], gradients: [Float]) {
        switch targets {
        case .classes(let labels):
            return CrossEntropy.evaluate(
                logits: logits, labels: labels, classes: outputs, weights: weights,
                smoothing: smoothing)
        case .labels(let truth, let count):
            precondition(count == outputs, "a logit for each label")
            return evaluate(truth.count / count, outputs, weights) { place, _ in
                let logit = logits[place]
                let target = truth[place] * (1 - smoothing) + smoothing / 2
                let power = exp(-abs(logit))
                let share = logit >= 0 ? 1 / (1 + power) : power / (1 + power)
                return (max(0, logit) + log1p(power) - target * logit, share - target)
            }
        case .numbers(let truth, let scale):
            precondition(outputs == 1, "one output for a number")
            return evaluate(truth.count, 1, weights) { place, row in
                let residual =
                    logits[place] - Float(scale.standardized(Double(truth[row])))
                return (residual * residual / 2, residual)
            }
        }
    }

    /// Sums over outputs of what each adds.
    private static func evaluate(
        _ rows: Int, _ outputs: Int, _ weights: [Float]?,
        _ term: (_ place: Int, _ row: Int) -> (loss: Float, gradient: Float)
    ) -> (losses: [Float], gradients: [Float]) {
        var losses = [Float](repeating: 0, count: rows)
        var gradients = [Float](repeating: 0, count: rows * outputs)
        for row in 0..<rows {
            let weight = weights?[row] ?? 1
            for place in row * outputs..<(row + 1) * outputs {
                let (loss, gradient) = term(place, row)
                losses[row] += weight * loss
                gradients[place] = weight * gradient
            }
        }
        return (losses, gradients)
    }
}
