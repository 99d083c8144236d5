import Foundation
import Metrics
import Support

/// A power law through a learning curve: what is missing to 1 is `floor + scale * rows^-exponent` (Hestness et al.,
/// Deep learning scaling is predictable, empirically, 2017).
///
/// A handful of points does not tell a floor from a slow fall: the curve of least squares often is one that stops
/// rising at once. So curves count by their likelihood, over a grid of floors and exponents with the best scale of each.
/// The forecast is their mean; its interval is that of curves drawn by likelihood, each to draws that were drawn with
/// replacement.
struct LearningCurveFit: Sendable {
    /// A curve.
    struct Curve: Sendable {
        let floor: Double
        let scale: Double
        let exponent: Double

        /// The metric with so many rows.
        func value(_ rows: Double) -> Double { 1 - floor - scale * pow(rows, -exponent) }
    }

    /// The curve of the greatest likelihood.
    let curve: Curve
    /// All curves, and how much each counts; the sum is 1.
    private let curves: [(curve: Curve, weight: Double)]
    /// Drawn by likelihood, each to other draws.
    private let drawn: [Curve]

    private static let exponents = (0...30).map { 0.05 * pow(20, Double($0) / 30) }
    private static let floors = 25
    private static let resamples = 400

    /// - Parameter values: of the metric, `[sizes][draws]`; at most 1.
    /// - Precondition: two draws at least.
    init(sizes: [Int], values: [[Double]], key: RandomKey) {
        let draws = values[0].count
        let means = values.map { $0.reduce(0, +) / Double($0.count) }
        let variances = zip(values, means).map { values, mean in
            values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(draws - 1)
        }
        // Variances of single sizes are rough: each is averaged with that of all.
        let pooled = variances.reduce(0, +) / Double(variances.count)
        let errors = variances.map {
            max(1e-4, ((($0 + pooled) / 2) / Double(draws)).squareRoot())
        }
        let all = Self.curves(sizes, means, errors)
        curves = all
        curve = all.max { $0.weight < $1.weight }!.curve
        drawn = (0..<Self.resamples).map { number in
            var generator = key.child(number).generator()
            let chosen = (0..<draws).map { _ in generator.index(below: draws) }
            let again = values.map { values in
                chosen.reduce(0) { $0 + values[$1] } / Double(draws)
            }
            let found = Self.curves(sizes, again, errors)
            var left = Double(generator.uniform())
            for (curve, weight) in found {
                left -= weight
                if left < 0 { return curve }
            }
            return found[found.count - 1].curve
        }
    }

    /// The value that is expected with so many rows, and its 95 % interval.
    func forecast(_ rows: Int) -> (value: Double, interval: [Double]) {
        summary { $0.value(Double(rows)) }
    }

    /// How much more so many rows give than others do.
    func gain(from: Int, to: Int) -> (value: Double, interval: [Double]) {
        summary { $0.value(Double(to)) - $0.value(Double(from)) }
    }

    private func summary(_ value: (Curve) -> Double) -> (value: Double, interval: [Double]) {
        let values = drawn.map(value).sorted()
        return (
            curves.reduce(0) { $0 + $1.weight * value($1.curve) },
            [quantile(ofSorted: values, 0.025), quantile(ofSorted: values, 0.975)]
        )
    }

    /// All curves of the grid, each with its share of the likelihood.
    private static func curves(
        _ sizes: [Int], _ values: [Double], _ errors: [Double]
    ) -> [(curve: Curve, weight: Double)] {
        let missing = values.map { max(0, 1 - $0) }
        let weights = errors.map { 1 / ($0 * $0) }
        let least = missing.min() ?? 0
        var found: [(curve: Curve, loss: Double)] = []
        for exponent in exponents {
            let powers = sizes.map { pow(Double($0), -exponent) }
            let bottom = sizes.indices.reduce(0) { $0 + weights[$1] * powers[$1] * powers[$1] }
            for step in 0..<floors {
                let floor = least * Double(step) / Double(floors)
                let top = sizes.indices.reduce(0) {
                    $0 + weights[$1] * powers[$1] * (missing[$1] - floor)
                }
                let scale = max(0, top / bottom)
                let loss = sizes.indices.reduce(0.0) { sum, place in
                    let error = missing[place] - floor - scale * powers[place]
                    return sum + weights[place] * error * error
                }
                found.append((Curve(floor: floor, scale: scale, exponent: exponent), loss))
            }
        }
        let best = found.map(\.loss).min() ?? 0
        let likelihoods = found.map { exp(-($0.loss - best) / 2) }
        let sum = likelihoods.reduce(0, +)
        return zip(found, likelihoods).map { ($0.curve, $1 / sum) }
    }
}
