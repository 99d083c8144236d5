import Metrics
import Support

/// Two models that answer together, the one with a share of the probabilities, the other with the rest: a
/// portfolio on the frozen encoder, and a head that was trained with the encoder's layers.
///
/// The share and one temperature are those with the least cross entropy on rows that neither model was trained
/// on. Few shares are tried: a fine-tuned model is surer than it should be, so its share is chosen by what is
/// left after the temperature, and a few hundred rows cannot tell near shares apart.
struct ExpertMixture {
    /// How the two answer together.
    struct Choice: Equatable {
        /// Of the second model.
        let share: Double
        /// What the logarithms of the mixed probabilities are divided by.
        let temperature: Double
    }

    /// What the models say of the same rows.
    let first: Predictions
    let second: Predictions
    /// The fold of every row: rows that share a text are in one.
    let folds: [Int]

    /// The shares that are tried.
    private static let shares = (1...9).map { Double($0) / 10 }

    /// The share and the temperature with the least cross entropy on some rows; `nil` for all.
    /// - Throws: `MetricsError` where the rows differ.
    func choose(rows: [Int]?) throws -> Choice {
        let (first, second) = (
            rows.map(self.first.rows) ?? self.first, rows.map(self.second.rows) ?? self.second
        )
        let tried = try Self.shares.map { share -> (choice: Choice, loss: Double) in
            let mixed = try Self.mix(first, second, share)
            let temperature = Temperature.fit(mixed, deviation: Temperature.usualDeviation)
            return (
                Choice(share: share, temperature: temperature),
                mixed.crossEntropy(temperature: temperature)
            )
        }
        // Of equals the one that is nearer to equal shares.
        return tried.min {
            ($0.loss, abs($0.choice.share - 0.5)) < ($1.loss, abs($1.choice.share - 0.5))
        }!.choice
    }

    /// What both together say of every row, by a share and a temperature that were found on the other folds.
    func heldOut() throws -> Predictions {
        try Predictions.crossFitted(folds: folds) { inside, outside in
            let choice = try choose(rows: outside)
            return try Self.mix(first.rows(inside), second.rows(inside), choice.share)
                .tempered(choice.temperature)
        }
    }

    /// What one model says of every row, with a temperature that was found on the other folds.
    func heldOut(of model: Predictions) throws -> Predictions {
        try Predictions.crossFitted(folds: folds) { inside, outside in
            model.rows(inside).tempered(
                Temperature.fit(model.rows(outside), deviation: Temperature.usualDeviation))
        }
    }

    private static func mix(
        _ first: Predictions, _ second: Predictions, _ share: Double
    ) throws -> Predictions {
        try Predictions(mixing: [first, second], weights: [1 - share, share])
    }
}

extension ExpertMixture {
    /// - Parameters:
    ///   - together: the group of each row; those of one are in one fold.
    ///   - key: decides the folds.
    /// - Returns: `nil` for rows that cannot be split.
    init?(_ first: Predictions, _ second: Predictions, together: [Int], key: RandomKey) {
        let count = min(PortfolioSelection.folds, Set(together).count)
        guard count > 1 else { return nil }
        self.init(
            first: first, second: second,
            folds: HeldOutParts.folds(
                first.targets.strata, count: count, together: together, key: key))
    }
}
