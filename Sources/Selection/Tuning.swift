import Heads
import Support
import Training

/// A small search over training configurations of one head, on dev and held-out parts of train.
struct Tuning: Sendable {
    let trainings: HeadTrainings
    let key: RandomKey

    /// Learning rates, weight decays and label smoothings to try; the base configuration is always
    /// one of the contestants.
    private static let learningRates: [Float] = [3e-4, 5e-4, 1e-3, 2e-3]
    private static let weightDecays: [Float] = [0.01, 0.1, 0.3, 1]
    private static let smoothings: [Float] = [0, 0, 0.1]
    private static let epochFactors: [Float] = [0.5, 1, 1.5]

    /// - Parameter count: number of configurations to try; below 2 the base is used without tuning.
    /// - Returns: an entry for each configuration, and the index of the best; a single entry
    ///   without trials where none is tried.
    func run(
        _ genotype: Genotype, base: TrainingConfiguration, count: Int
    ) throws -> (entries: [Entry], best: Int) {
        guard count > 1 else { return ([contestant(genotype, base)], 0) }
        var configurations = [base]
        var generator = key.child("configurations").generator()
        while configurations.count < count {
            var next = base
            next.learningRate = Self.pick(Self.learningRates, &generator)
            next.weightDecay = Self.pick(Self.weightDecays, &generator)
            next.labelSmoothing = Self.pick(Self.smoothings, &generator)
            next.epochs = max(
                1, Int(Float(base.epochs) * Self.pick(Self.epochFactors, &generator)))
            if !configurations.contains(next) { configurations.append(next) }
        }
        return try SuccessiveHalving(trainings: trainings, key: key.child("trainings")).run(
            configurations.map { contestant(genotype, $0) }, stageName: "tuning")
    }

    private func contestant(_ genotype: Genotype, _ training: TrainingConfiguration) -> Entry {
        Entry(.tuning, genotype, .adamW(training), by: training.criterion)
    }

    private static func pick(_ values: [Float], _ generator: inout RandomGenerator) -> Float {
        values[generator.index(below: values.count)]
    }
}
