import Heads
import Metrics
import Search
import Selection
import Support

/// `leaderboard.csv`: a row for every candidate, in the order of proposals. The same search gives
/// the same bytes.
enum Leaderboard {
    /// - Parameter trained: the candidates that were trained.
    /// - Parameter criterion: of tasks without classes its metric has the last columns, not the accuracy.
    static func text(
        _ candidates: RankedCandidates, trained: [Entry], criterion: SelectionCriterion = .accuracy
    ) -> String {
        let criterion = criterion.metric.applies(to: .oneClass) ? .accuracy : criterion
        let column = criterion.metric.rawValue.replacing("-", with: "_")
        let proxies = Set(candidates.all.flatMap { $0.score.map { Array($0.values.keys) } ?? [] })
            .sorted()
        var places: [Int: Int] = [:]
        for (place, candidate) in candidates.best.enumerated() { places[candidate.id] = place + 1 }
        let trained = Dictionary(trained.map { ($0.genotype, $0) }) { first, _ in first }
        let header =
            ["id", "genotype", "parameters"] + proxies.flatMap { [$0, "\($0)_spread"] }
            + ["rank", "status", "held_out_\(column)", "dev_\(column)"]
        return CSV.text(
            [header]
                + candidates.all.map {
                    row($0, proxies, place: places[$0.id], trained[$0.genotype], criterion)
                })
    }

    private static func row(
        _ candidate: Candidate, _ proxies: [String], place: Int?, _ entry: Entry?,
        _ criterion: SelectionCriterion
    ) -> [String] {
        // A head that left the funnel had fewer epochs, and was held against fewer rows.
        let accuracy = entry?.role == .contestant ? entry?.heldOutValue(criterion) : nil
        let dev = (entry?.trials.first ?? nil).map { criterion.score($0.dev).value }
        let ending = [accuracy.map { "\($0)" } ?? "", dev.map { "\($0)" } ?? ""]
        let head = ["\(candidate.id)", candidate.genotype.description]
        switch candidate.outcome {
        case .scored(let score):
            let values = proxies.flatMap { name -> [String] in
                guard let summary = score.values[name] else { return ["", ""] }
                return ["\(summary.mean)", "\(summary.spread)"]
            }
            return head + ["\(score.parameters)"] + values
                + [place.map(String.init) ?? "", entry.map { $0.role.rawValue } ?? "scored"]
                + ending
        case .failed(let reason):
            return head + Array(repeating: "", count: 1 + 2 * proxies.count + 1)
                + ["failed: \(reason)"] + ending
        }
    }
}
