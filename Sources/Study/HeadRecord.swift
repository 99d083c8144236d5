import Heads
import RunStore
import Scoring
import Training

/// What a study knows about one head: its scores and its trainings.
struct HeadRecord: Sendable {
    /// Its index in the order of sizes, from 0.
    let index: Int
    let genotype: Genotype
    let score: Score
    /// The outcome of training for each repetition and fold; `nil` where it diverged.
    let trainings: [[TrainingOutcome?]]

    /// Accuracy over all rows in a repetition, each fold at its best epoch, which is how a search
    /// sees a finalist; `nil` where a training diverged.
    func accuracy(repetition: Int) -> Double? {
        weighted(trainings[repetition]) { $0.history.map(\.devAccuracy).max() }
    }

    /// Mean accuracy over the repetitions; `nil` where one diverged.
    var accuracy: Double? { mean(trainings.indices.map { accuracy(repetition: $0) }) }

    /// Mean loss over the training rows in the last epoch.
    var loss: Double? {
        mean(trainings.map { weighted($0) { $0.history.last?.trainingLoss } })
    }

    /// Mean cross entropy of the epochs that count in ``accuracy``, in nats.
    var crossEntropy: Double? {
        mean(
            trainings.map {
                weighted($0) { $0.history.max { $0.score < $1.score }?.devCrossEntropy }
            })
    }

    /// Mean accuracy after an epoch, from 1; `nil` where a training had ended.
    func accuracy(epoch: Int) -> Double? { mean(epoch) { $0.devAccuracy } }

    /// Mean cross entropy after an epoch, in nats; `nil` where a training had ended.
    func crossEntropy(epoch: Int) -> Double? { mean(epoch) { $0.devCrossEntropy } }

    private func mean(_ epoch: Int, _ value: (EpochRecord) -> Double) -> Double? {
        mean(
            trainings.map {
                weighted($0) { $0.history.first { $0.epoch == epoch }.map(value) }
            })
    }

    private func weighted(
        _ folds: [TrainingOutcome?], _ value: (TrainingOutcome) -> Double?
    ) -> Double? {
        var sum = 0.0
        var rows = 0
        for fold in folds {
            guard let fold, let value = value(fold) else { return nil }
            sum += value * Double(fold.dev.count)
            rows += fold.dev.count
        }
        return sum / Double(max(1, rows))
    }

    private func mean(_ values: [Double?]) -> Double? {
        let known = values.compactMap { $0 }
        guard known.count == values.count, !known.isEmpty else { return nil }
        return known.reduce(0, +) / Double(known.count)
    }
}
