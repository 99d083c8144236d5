import Scoring
import Training

/// What a study knows about one head: its scores, and what training made of it.
struct HeadRecord: Codable, Sendable {
    /// One training: every fold's history.
    struct Training: Codable, Sendable {
        /// For each fold, its examples and how each epoch did on them; empty where training diverged.
        let folds: [[EpochRecord]]
        /// Rows of each fold.
        let sizes: [Int]

        /// Share of all rows that are right, each fold at its best epoch, which is how a search looks
        /// at a finalist.
        var accuracy: Double? {
            weighted { history in history.map(\.devAccuracy).max() }
        }

        /// Mean loss over the training rows in the last epoch.
        var loss: Double? { weighted { $0.last?.trainingLoss } }

        private func weighted(_ value: ([EpochRecord]) -> Double?) -> Double? {
            var sum = 0.0
            for (history, size) in zip(folds, sizes) {
                guard let value = value(history) else { return nil }
                sum += value * Double(size)
            }
            return sum / Double(max(1, sizes.reduce(0, +)))
        }
    }

    let index: Int
    let genotype: String
    let parameters: Int
    /// Means and spreads by the name of the proxy.
    let scores: [String: ScoreSummary]
    /// What decided the scores; a study with other scoring options scores again, but need not train.
    let scoring: String
    let trainings: [Training]

    /// Whether a record that was read back can be counted with: a line of a journal may say anything.
    func isSound(repeats: Int) -> Bool {
        index >= 0 && parameters >= 0 && trainings.count == repeats
            && trainings.allSatisfy { training in
                training.folds.count == training.sizes.count
                    && training.sizes.allSatisfy((0...Int(Int32.max)).contains)
            }
    }

    /// Mean accuracy over the trainings; `nil` where one diverged.
    var accuracy: Double? { mean(trainings.map(\.accuracy)) }
    var loss: Double? { mean(trainings.map(\.loss)) }

    private func mean(_ values: [Double?]) -> Double? {
        let known = values.compactMap { $0 }
        guard known.count == values.count, !known.isEmpty else { return nil }
        return known.reduce(0, +) / Double(known.count)
    }
}
