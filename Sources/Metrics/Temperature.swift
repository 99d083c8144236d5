import Foundation

/// One number that makes a model's probabilities honest: logits are divided by it (Guo, Pleiss, Sun
/// and Weinberger, On Calibration of Modern Neural Networks, ICML 2017, section 4.2). No prediction
/// changes, only how sure the model says it is.
///
///     let temperature = Temperature.fit(heldOut)
///     print(ClassificationMetrics(heldOut.tempered(temperature)).calibrationError)
public enum Temperature {
    /// What a fit may give: beyond these, rows say nothing but that they are all right, or noise.
    public static let range = 0.2...8.0

    /// How far logarithms of temperatures usually lie from 0, the one of 1. A handful of rows, all of them right or
    /// half of them wrong, would choose an end of ``range``; a hundred hardly notice.
    public static let usualDeviation = 0.5

    /// The temperature with the least cross entropy on rows that the model was not trained on.
    ///
    /// The cross entropy is convex in the inverse temperature, so the least is found by bisection of
    /// its derivative. Labels share one; numbers have none, which is 1.
    /// - Parameter deviation: the likeliest temperature is given instead, whose logarithm is normal around 0
    ///   with this deviation: few rows leave it near 1.
    public static func fit(_ heldOut: Predictions, deviation: Double = .infinity) -> Double {
        switch heldOut.targets {
        case .classes: return least(classSlope(heldOut), deviation)
        case .labels(let truth, _): return least(labelSlope(heldOut, truth), deviation)
        case .numbers: return 1
        }
    }

    /// The derivative of the summed cross entropy of all labels by the inverse temperature.
    private static func labelSlope(
        _ heldOut: Predictions, _ truth: [Float]
    ) -> (Double) -> Double {
        let logits = heldOut.probabilities.map { Predictions.logit($0) }
        return { inverse in
            zip(logits, truth).reduce(0) { sum, cell in
                sum + cell.0 * (1 / (1 + exp(-inverse * cell.0)) - Double(cell.1))
            }
        }
    }

    private static func classSlope(_ heldOut: Predictions) -> (Double) -> Double {
        // As in the cross entropy: one row whose class a model rules out should not decide alone.
        let logarithms = heldOut.logarithms(above: .ulpOfOne)
        return { inverse in
            var sum = 0.0
            for (row, label) in heldOut.labels.enumerated() {
                let start = row * heldOut.classes
                let values = logarithms[start..<start + heldOut.classes]
                let largest = values.max() ?? 0
                var (total, weighted) = (0.0, 0.0)
                for value in values {
                    let share = exp(inverse * (value - largest))
                    total += share
                    weighted += share * value
                }
                sum += weighted / total - logarithms[start + label]
            }
            return sum
        }
    }

    private static func least(
        _ crossEntropySlope: (Double) -> Double, _ deviation: Double
    ) -> Double {
        func slope(_ inverse: Double) -> Double {
            crossEntropySlope(inverse) + log(inverse) / (deviation * deviation * inverse)
        }
        var (low, high) = (1 / range.upperBound, 1 / range.lowerBound)
        if slope(low) >= 0 { return range.upperBound }
        if slope(high) <= 0 { return range.lowerBound }
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if slope(middle) < 0 { low = middle } else { high = middle }
        }
        return 2 / (low + high)
    }
}

extension Predictions {
    /// The logarithms of the probabilities, `[examples, classes]`.
    /// - Parameter least: what smaller ones, such as zeros, count as.
    fileprivate func logarithms(above least: Float) -> [Double] {
        probabilities.map { log(Double(max($0, least))) }
    }

    /// The logit of a probability that is kept away from 0 and 1 by the precision of a float.
    static func logit(_ probability: Float) -> Double {
        let margin = Double(Float.ulpOfOne)
        let share = min(max(Double(probability), margin), 1 - margin)
        return log(share / (1 - share))
    }

    /// `softmax(log p / temperature)` for every example; for every label
    /// `sigmoid(logit(p) / temperature)`. Numbers stay as they are.
    /// - Precondition: the temperature is positive.
    public func tempered(_ temperature: Double) -> Predictions {
        precondition(temperature > 0, "a temperature is positive")
        guard temperature != 1 else { return self }
        switch targets.kind {
        case .oneClass: break
        case .labels:
            return Predictions(
                replacing: self,
                probabilities.map { Float(1 / (1 + exp(-Self.logit($0) / temperature))) })
        case .number: return self
        }
        var values = logarithms(above: .leastNormalMagnitude).map { $0 / temperature }
        for start in stride(from: 0, to: values.count, by: classes) {
            let row = start..<start + classes
            let largest = values[row].max() ?? 0
            var total = 0.0
            for place in row {
                values[place] = exp(values[place] - largest)
                total += values[place]
            }
            for place in row { values[place] /= total }
        }
        return Predictions(replacing: self, values.map { Float($0) })
    }

    /// The mean cross entropy of the probabilities with a temperature, in nats: as that of
    /// ``tempered(_:)``, without making the predictions. Of numbers it is ``ClassificationMetrics/loss``.
    /// - Precondition: the temperature is positive.
    public func crossEntropy(temperature: Double) -> Double {
        precondition(temperature > 0, "a temperature is positive")
        switch targets {
        case .classes: break
        case .labels(let truth, _):
            let sum = zip(truth, probabilities).reduce(0.0) { sum, cell in
                let logit = Self.logit(cell.1) / temperature
                // log(1 + exp(-z)) for a true label, log(1 + exp(z)) for another.
                let against = cell.0 > 0 ? -logit : logit
                return sum + max(0, against) + log1p(exp(-abs(against)))
            }
            return sum / Double(max(1, truth.count))
        case .numbers(_, let scale):
            return squaredErrors.reduce(0, +) / Double(max(1, count))
                / (scale.deviation * scale.deviation)
        }
        var sum = 0.0
        for (row, label) in labels.enumerated() {
            let start = row * classes
            func logit(_ place: Int) -> Double {
                log(Double(max(probabilities[start + place], .ulpOfOne))) / temperature
            }
            // Probabilities are at most 1, so no exponential overflows; the floor keeps the sum above 0
            // at any temperature that a fit gives.
            sum += log((0..<classes).reduce(0) { $0 + exp(logit($1)) }) - logit(label)
        }
        return sum / Double(max(1, labels.count))
    }

    /// The weighted mean of several models' probabilities for the same examples.
    /// - Parameter weights: one for each model, positive, with sum 1.
    /// - Throws: ``MetricsError`` when there are none, or their examples or classes differ.
    public init(mixing models: [Predictions], weights: [Double]) throws {
        guard let first = models.first else { throw MetricsError.empty(what: "models") }
        precondition(weights.count == models.count, "a weight for every model")
        var sums = [Double](repeating: 0, count: first.probabilities.count)
        for (model, weight) in zip(models, weights) {
            guard model.targets == first.targets, model.classes == first.classes else {
                throw MetricsError.unequalCounts(
                    what: "examples of a model", expected: first.count, found: model.count)
            }
            for index in sums.indices {
                sums[index] += weight * Double(model.probabilities[index])
            }
        }
        try self.init(
            targets: first.targets, values: sums.map { Float($0) }, outputs: first.classes)
    }
}
