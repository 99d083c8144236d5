import Foundation

/// A model in a mixture.
public struct WeightedPredictions: Sendable {
    /// Its share; all models' add up to 1.
    public let weight: Double
    public let predictions: Predictions

    public init(weight: Double, _ predictions: Predictions) {
        self.weight = weight
        self.predictions = predictions
    }
}

extension Predictions {
    /// Several models' probabilities for the same examples, mixed by weights (Caruana et al., ICML
    /// 2004) and calibrated by one temperature (Guo et al., ICML 2017): `p = sum_k weight_k p_k`,
    /// then `softmax(log(p) / temperature)`.
    ///
    /// Sums are in double precision and in the models' order. One model alone stays the same at
    /// temperature 1, bit for bit.
    /// - Parameters:
    ///   - models: their weights add up to 1.
    ///   - temperature: positive; above 1 probabilities come closer together.
    /// - Throws: ``MetricsError`` when there are none, or their examples or classes differ.
    public init(mixing models: [WeightedPredictions], temperature: Double = 1) throws {
        guard let first = models.first?.predictions else {
            throw MetricsError.empty(what: "models")
        }
        for model in models.map(\.predictions) {
            guard model.labels == first.labels, model.classes == first.classes else {
                throw MetricsError.unequalCounts(
                    what: "examples of a model", expected: first.count, found: model.count)
            }
        }
        if models.count == 1, temperature == 1 {
            self = first
            return
        }
        var mixed = [Double](repeating: 0, count: first.probabilities.count)
        for model in models {
            for index in mixed.indices {
                mixed[index] += model.weight * Double(model.predictions.probabilities[index])
            }
        }
        if temperature != 1 {
            for start in stride(from: 0, to: mixed.count, by: first.classes) {
                let row = start..<start + first.classes
                // Divided by the largest first, whose power is 1 at any temperature.
                let largest = mixed[row].max() ?? 1
                for place in row { mixed[place] = pow(mixed[place] / largest, 1 / temperature) }
                let sum = mixed[row].reduce(0, +)
                for place in row { mixed[place] /= sum }
            }
        }
        try self.init(
            labels: first.labels, probabilities: mixed.map { Float($0) }, classes: first.classes)
    }
}
