import Features
import Heads
import Scoring
import Support
import Training

/// Scores and trains one head at a time.
struct StudyWorker: Sendable {
    let space: SearchSpace
    let splits: SplitFeatures
    let folds: Int
    let repeats: Int
    let scorer: Scorer
    /// What decides the scores.
    let scoring: String
    let trainer: HeadTrainer
    let key: RandomKey

    /// - Parameters:
    ///   - trainings: what is known already, from a study that scored otherwise.
    ///   - tick: called often; may stop the work by throwing.
    /// - Returns: `nil` where the head cannot be scored.
    func study(
        _ genotype: Genotype, index: Int, trainings: [HeadRecord.Training]?,
        tick: () throws -> Void
    ) throws -> HeadRecord? {
        let score: Score
        do {
            score = try scorer.score(
                genotype, key: key.child("score").child(genotype.description))
        } catch is ScoringError {
            return nil
        }
        return HeadRecord(
            index: index, genotype: genotype.description, parameters: score.parameters,
            scores: score.values, scoring: scoring,
            trainings: try trainings ?? train(genotype, tick: tick))
    }

    private func train(
        _ genotype: Genotype, tick: () throws -> Void
    ) throws -> [HeadRecord.Training] {
        let graph = space.graph(of: genotype)
        var trainings: [HeadRecord.Training] = []
        for round in 0..<repeats {
            let roundKey = key.child("train").child(round).child(genotype.description)
            var histories: [[EpochRecord]] = []
            var sizes: [Int] = []
            for (fold, data) in foldSets.enumerated() {
                do {
                    let head = try trainer.train(
                        graph, train: data.train, dev: data.dev, classes: space.context.classes,
                        key: roundKey.child(fold)
                    ) { _ in try tick() }
                    histories.append(head.history)
                } catch TrainingError.diverged {
                    histories.append([])
                }
                sizes.append(data.dev.count)
            }
            trainings.append(HeadRecord.Training(folds: histories, sizes: sizes))
        }
        return trainings
    }

    /// What each training sees: train and dev, or for each fold the rest of train and the fold.
    private var foldSets: [(train: FeatureSet, dev: FeatureSet)] {
        guard folds > 1 else { return [(splits.train, splits.dev)] }
        let assignment = HeldOutParts.folds(
            splits.train.labels, count: folds, key: key.child("folds"))
        return (0..<folds).map { fold in
            let inside = assignment.indices.filter { assignment[$0] == fold }
            let outside = assignment.indices.filter { assignment[$0] != fold }
            return (splits.train.subset(outside), splits.train.subset(inside))
        }
    }
}
