import Features
import Graphs
import Metrics
import Support
import Tensors

/// The mean of the weights of several trainings that began at the same weights: one model, at the cost of one, that
/// often does better than each of them (Wortsman et al., "Model soups", ICML 2022).
///
/// Trainings are taken in, best first, while the mean does no worse on dev (their recipe 1, the greedy soup).
public enum WeightSoup {
    /// Mixes trainings of one graph.
    ///
    /// - Parameters:
    ///   - heads: trained from the same start, with different orders of examples and dropout masks.
    ///   - dev: what they are compared on: the hidden states that the graph reads.
    ///   - threads: the result does not depend on it.
    /// - Returns: the mean, with the history of the best of them, and how many are in it; `nil` where the best by
    ///   itself does better than with any other.
    /// - Throws: `FeatureError`, ``MetricsError``.
    public static func greedy(
        _ heads: [TrainedHead], criterion: SelectionCriterion, dev: FeatureSet, threads: Int
    ) throws -> (head: TrainedHead, count: Int)? {
        let order = heads.map { criterion.score($0.dev) }.ranking.map { heads[$0] }
        guard let best = order.first else { return nil }
        var (soup, count) = (best, 1)
        var hasStart = best.bestEpoch == 0
        for head in order.dropFirst() {
            // Trainings that found nothing better than the start are all the same.
            if head.bestEpoch == 0 {
                if hasStart { continue }
                hasStart = true
            }
            let parameters = soup.parameters.copy()
            let share = 1 / Float(count + 1)
            parameters.storage.blend(
                0..<parameters.storage.count, keeping: 1 - share, adding: share,
                of: head.parameters.storage)
            let said = try BatchedInference(best.graph, parameters, threads: threads)
                .predictions(dev)
            guard criterion.score(said) >= criterion.score(soup.dev) else { continue }
            soup = TrainedHead(
                graph: best.graph, parameters: parameters, history: best.history,
                bestEpoch: best.bestEpoch, dev: said)
            count += 1
        }
        return count > 1 ? (soup, count) : nil
    }
}
