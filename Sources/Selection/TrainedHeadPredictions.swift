import Features
import Graphs
import Metrics
import Training

extension TrainedHead {
    /// The predictions of a trained head.
    ///
    /// - Parameters:
    ///   - features: the hidden states that the graph reads.
    ///   - encoderIsTrained: whether encoder layers are part of the graph, which then runs in
    ///     micro-batches on several threads.
    func predictions(
        _ features: FeatureSet, encoderIsTrained: Bool, threads: Int
    ) throws -> Predictions {
        encoderIsTrained
            ? try BatchedInference(graph, parameters, threads: threads).predictions(features)
            : try predict(Executor(graph), parameters, features, classes: dev.classes)
    }
}
