import Heads
import Metrics
import Training

/// How a contestant (a head, or a way to train one) did on the parts it was tried on so far.
struct Standing: Sendable {
    let genotype: Genotype
    let configuration: TrainingConfiguration
    /// One for each part, in their order; `nil` where training diverged.
    private(set) var heads: [TrainedHead?] = []

    init(_ genotype: Genotype, _ configuration: TrainingConfiguration) {
        self.genotype = genotype
        self.configuration = configuration
    }

    mutating func add(_ head: TrainedHead?) { heads.append(head) }

    /// Whether every training went through.
    var isSound: Bool { !heads.isEmpty && heads.allSatisfy { $0 != nil } }

    /// Share of the rows of all parts together that are right; `nil` where a training diverged.
    var accuracy: Double? { pooled { $0.accuracy } }

    /// Mean cross entropy over the rows of all parts.
    private var crossEntropy: Double? { pooled { $0.crossEntropy } }

    private func pooled(_ metric: (ClassificationMetrics) -> Double) -> Double? {
        guard isSound else { return nil }
        var sum = 0.0
        var count = 0
        for head in heads.compactMap({ $0 }) {
            sum += metric(ClassificationMetrics(head.dev)) * Double(head.dev.count)
            count += head.dev.count
        }
        return sum / Double(count)
    }

    /// The places of the best, best first: accuracy decides, cross entropy breaks ties, then the order.
    static func best(_ standings: [Standing], count: Int) -> [Int] {
        let accuracies = standings.map { $0.accuracy ?? -1 }
        let losses = standings.map { $0.crossEntropy ?? .infinity }
        let order = standings.indices.sorted { a, b in
            if accuracies[a] != accuracies[b] { return accuracies[a] > accuracies[b] }
            return losses[a] != losses[b] ? losses[a] < losses[b] : a < b
        }
        return Array(order.prefix(count))
    }
}
