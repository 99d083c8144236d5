import Foundation
import Metrics

/// A mixture from which one head after another leaves: always the one without which the others answer
/// best, by cross entropy on held-out rows, calibrated.
///
/// What remains says where further members stop to pay for what they cost.
struct Elimination {
    /// A set of members on the way.
    struct Stage {
        /// From the largest weight to the smallest; the weights' sum is 1.
        let members: [Portfolio.Member]
        let temperature: Double
        let step: Portfolio.Step
    }

    /// From all members to one.
    let steps: [Stage]

    /// Losses that differ by less, in nats, count as equal: then fewer members answer.
    private static let useful = 3e-4

    /// - Parameters:
    ///   - predictions: of every entry that members are chosen from, for the same held-out rows.
    ///   - first: the members to begin with.
    /// - Throws: `MetricsError` where the rows differ.
    /// - Precondition: there is at least one member.
    init(_ predictions: [Predictions], first: [Portfolio.Member]) throws {
        var members = first
        var steps: [Stage] = []
        while true {
            let mixture = try Portfolio.mix(members, predictions)
            let temperature = Temperature.fit(mixture)
            let metrics = ClassificationMetrics(mixture.tempered(temperature))
            steps.append(
                Stage(
                    members: members, temperature: temperature,
                    step: Portfolio.Step(
                        members: members.count, accuracy: metrics.knownAccuracy,
                        crossEntropy: metrics.loss)))
            guard members.count > 1 else { break }
            members = try Self.remaining(members, predictions, temperature)
        }
        self.steps = steps
    }

    /// The smallest set of members whose loss is as low as any.
    static func best(_ stages: [Stage]) -> Stage? {
        let least = stages.map(\.step.crossEntropy).min() ?? 0
        return stages.filter { $0.step.crossEntropy <= least + useful }.min {
            let (a, b) = ($0.members.count, $1.members.count)
            return a != b ? a < b : $0.step.crossEntropy < $1.step.crossEntropy
        }
    }

    /// The largest set of members whose loss is not higher than the least by more than the standard error of
    /// the difference: where few rows tell sets apart by luck, more heads are the safer answer.
    /// - Parameter predictions: of every entry, for the rows that the stages were made of.
    static func largest(_ stages: [Stage], _ predictions: [Predictions]) throws -> Stage? {
        guard let best = best(stages) else { return nil }
        func losses(_ stage: Stage) throws -> [Double] {
            try Portfolio.mix(stage.members, predictions).tempered(stage.temperature).likelihoods
                .map { -log(Double(max($0, .leastNormalMagnitude))) }
        }
        let least = try losses(best)
        let able = try stages.filter { stage in
            let differences = zip(try losses(stage), least).map { $0 - $1 }
            let count = Double(max(1, differences.count))
            let mean = differences.reduce(0, +) / count
            let spread = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
            return mean <= (spread / count).squareRoot()
        }
        return able.max {
            let (a, b) = ($0.members.count, $1.members.count)
            return a != b ? a < b : $0.step.crossEntropy > $1.step.crossEntropy
        }
    }

    /// The members without the one that is missed least.
    private static func remaining(
        _ members: [Portfolio.Member], _ predictions: [Predictions], _ temperature: Double
    ) throws -> [Portfolio.Member] {
        var best = members
        var least = Double.infinity
        for place in members.indices {
            var others = members
            others.remove(at: place)
            let sum = others.reduce(0) { $0 + $1.weight }
            for index in others.indices { others[index].weight /= sum }
            let loss = try Portfolio.mix(others, predictions).crossEntropy(temperature: temperature)
            if loss < least { (best, least) = (others, loss) }
        }
        return best
    }
}
