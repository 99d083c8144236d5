import Graphs
import Metrics

/// Trainings that come from where they were stored.
extension EpochRecord {
    public init(
        restoring epoch: Int, trainingLoss: Double, devAccuracy: Double, devCrossEntropy: Double
    ) {
        self.epoch = epoch
        self.trainingLoss = trainingLoss
        self.devAccuracy = devAccuracy
        self.devCrossEntropy = devCrossEntropy
    }
}

extension TrainedHead {
    /// - Precondition: `parameters` are laid out for `graph`.
    public init(
        restoring graph: Graph, parameters: ParameterSet, history: [EpochRecord], bestEpoch: Int,
        dev: Predictions
    ) {
        self.graph = graph
        self.parameters = parameters
        self.history = history
        self.bestEpoch = bestEpoch
        self.dev = dev
    }
}
