import Foundation
import Metrics

/// How heads answer together: a member's probabilities are the mean over its replicas
/// (Lakshminarayanan et al., NeurIPS 2017, section 2.4), a portfolio's are the members' mixed by their
/// weights (Caruana et al., ICML 2004), and one temperature divides their logarithms (Guo et al.,
/// ICML 2017, equation 9):
///
///     p = sum_k weight_k * mean_r softmax(logits_kr)
///     logits = log(p) / temperature
///
/// The answer's probabilities are the softmax of these logits. With several labels a text it is
/// sigmoids instead, and `logits = log(p / (1 - p)) / temperature`; numbers are mixed themselves.
public enum Ensemble {
    /// What the replicas of one member say.
    public struct Member: Sendable {
        /// Its share; all members' add up to 1.
        public var weight: Double
        /// For each replica logits, `[examples, classes]`, row by row.
        public var replicas: [[Float]]

        public init(weight: Double, replicas: [[Float]]) {
            self.weight = weight
            self.replicas = replicas
        }
    }

    /// The logits of all members together.
    ///
    /// With one replica of one member they are its own, divided by the temperature: at temperature
    /// 1 the same, bit for bit. Otherwise `log(sum_k weight_k mean_r exp(l_kr - m)) + m` is divided,
    /// with `l_kr` a replica's log-softmax and `m` the largest of them: a probability too small for
    /// a float still has a finite logarithm.
    ///
    /// - Parameter space: what is answered with.
    /// - Returns: `[examples, outputs]`.
    /// - Precondition: there is at least one member, each has at least one replica, and all have the
    ///   same number of whole rows.
    public static func logits(
        _ members: [Member], temperature: Double = 1, in space: TargetSpace
    ) -> [Float] {
        precondition(
            !members.isEmpty && members.allSatisfy { !$0.replicas.isEmpty },
            "an ensemble has at least one head")
        if members.count == 1, members[0].replicas.count == 1 {
            let own = members[0].replicas[0]
            return temperature == 1 ? own : own.map { Float(Double($0) / temperature) }
        }
        switch space {
        case .classes(let classes):
            return mix(members) { logSoftmax($0, classes: classes) }
                .map { Float($0 / temperature) }
        case .labels:
            let present = mix(members) { logits in logits.map { -softplus(-Double($0)) } }
            let absent = mix(members) { logits in logits.map { -softplus(Double($0)) } }
            return present.indices.map { Float((present[$0] - absent[$0]) / temperature) }
        case .number:
            return members[0].replicas[0].indices.map { place -> Float in
                var mixture = 0.0
                for member in members {
                    var total = 0.0
                    for replica in member.replicas { total += Double(replica[place]) }
                    mixture += member.weight * total / Double(member.replicas.count)
                }
                return Float(mixture)
            }
        }
    }

    /// The logarithms of mixed probabilities, from those of each replica's.
    private static func mix(
        _ members: [Member], _ logarithms: ([Float]) -> [Double]
    ) -> [Double] {
        let logarithms = members.map { member in member.replicas.map(logarithms) }
        return members[0].replicas[0].indices.map { place in
            let largest = logarithms.joined().map { $0[place] }.max() ?? 0
            var mixture = 0.0
            for (member, replicas) in zip(members, logarithms) {
                let sum = replicas.reduce(0) { $0 + exp($1[place] - largest) }
                mixture += member.weight * (sum / Double(replicas.count))
            }
            return log(mixture) + largest
        }
    }

    /// `log(1 + exp(x))`.
    private static func softplus(_ x: Double) -> Double { max(0, x) + log1p(exp(-abs(x))) }

    /// In double precision: what is averaged differs in the last digits.
    private static func logSoftmax(_ logits: [Float], classes: Int) -> [Double] {
        precondition(logits.count.isMultiple(of: classes), "whole rows")
        var result = logits.map(Double.init)
        for start in stride(from: 0, to: result.count, by: classes) {
            let row = start..<start + classes
            let largest = result[row].max() ?? 0
            let total = largest + log(result[row].reduce(0) { $0 + exp($1 - largest) })
            for place in row { result[place] -= total }
        }
        return result
    }
}

extension Model {
    /// What the model says, from what its heads say.
    /// - Parameter heads: logits `[examples, classes]` for each replica of each member.
    /// - Returns: logits, `[examples, classes]`.
    public func logits(_ heads: [[[Float]]]) -> [Float] {
        Ensemble.logits(
            zip(configuration.members, heads).map {
                Ensemble.Member(weight: $0.weight, replicas: $1)
            }, temperature: configuration.temperature, in: configuration.targets)
    }
}
