import Features
import Heads

/// What heads may read, and what that costs: where random search draws and trains its heads.
public struct Ground: Sendable {
    let trainings: HeadTrainings
    let costs: AnswerCosts
    /// What heads may cost in each view.
    let limits: [HeadLimits]
    /// The test split's features in every view, for the evaluation later.
    let test: [FeatureSet]

    /// - Parameters:
    ///   - limits: what heads may cost in each view.
    ///   - test: the test split's features in every view.
    public init(
        trainings: HeadTrainings, costs: AnswerCosts, limits: [HeadLimits], test: [FeatureSet]
    ) {
        self.trainings = trainings
        self.costs = costs
        self.limits = limits
        self.test = test
    }
}
