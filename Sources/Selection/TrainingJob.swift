import Heads
import RunStore
import Support
import Training

/// One training to do: which head, how, with which part of the data held out, from which start.
public struct TrainingJob: Sendable {
    let genotype: Genotype
    let configuration: TrainingConfiguration
    /// Which part of the data is held out (``HeldOutParts``).
    var part = 0
    /// Which of several trainings of the same kind; decides the random start.
    var seed = 0

    /// - Parameters:
    ///   - part: the part of the data that is held out.
    ///   - seed: which of several trainings of the same kind.
    public init(
        genotype: Genotype, configuration: TrainingConfiguration, part: Int = 0, seed: Int = 0
    ) {
        self.genotype = genotype
        self.configuration = configuration
        self.part = part
        self.seed = seed
    }

    /// The key depends on the head, so the result does not depend on what else is trained.
    func key(_ parent: RandomKey) -> RandomKey {
        parent.child(genotype.description).child(part).child(seed)
    }

    /// Where the training is kept in a run's store: by everything that decides its result.
    func place(_ stage: String, _ parent: RandomKey) -> TrainingKey {
        var builder = DigestBuilder()
        builder.add("\(parent) \(part)")
        builder.add(Choices.text(of: configuration))
        return TrainingKey(
            stage: "\(stage) \(builder.hexadecimal().prefix(16))", index: seed,
            genotype: genotype.description)
    }
}
