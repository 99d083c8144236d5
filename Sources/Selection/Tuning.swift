import Heads
import Support
import Training

/// A small search over how a head is trained, on held-out parts of train and on dev.
struct Tuning: Sendable {
    let trainings: HeadTrainings
    let key: RandomKey

    /// Learning rates, weight decays and label smoothings that are tried; the base configuration is
    /// always among the contestants.
    private static let learningRates: [Float] = [3e-4, 5e-4, 1e-3, 2e-3]
    private static let weightDecays: [Float] = [0.01, 0.1, 0.3, 1]
    private static let smoothings: [Float] = [0, 0, 0.1]
    private static let epochFactors: [Float] = [0.5, 1, 1.5]

    /// - Parameter count: configurations to try; below 2 the base is taken as it is.
    /// - Returns: an entry for each configuration, and the place of the one that did best; a single
    ///   entry without trials where none is tried.
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
