import Heads
import RunStore
import Support
import Training

/// One training to do: which head, how, on which part of the data, from which start.
struct TrainingJob: Sendable {
    let genotype: Genotype
    let configuration: TrainingConfiguration
    /// Which part of the data is held out (``HeldOutParts``).
    var part = 0
    /// Which of several trainings of the same kind; decides the random start.
    var seed = 0

    /// The key goes by the head, so that its result does not depend on what else is trained.
    func key(_ parent: RandomKey) -> RandomKey {
        parent.child(genotype.description).child(part).child(seed)
    }

    /// Where the training is found in a run's store: by everything that decides its result.
    func place(_ stage: String, _ parent: RandomKey) -> TrainingKey {
        var builder = DigestBuilder()
        builder.add("\(parent) \(configuration) \(part)")
        return TrainingKey(
            stage: "\(stage) \(builder.hexadecimal().prefix(16))", index: seed,
            genotype: genotype.description)
    }
}

/// A head and what training made of it.
struct TrainedGenotype: Sendable {
    let genotype: Genotype
    /// `nil` where training failed, e.g. diverged.
    let head: TrainedHead?
}
