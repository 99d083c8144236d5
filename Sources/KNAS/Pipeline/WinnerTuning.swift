import Heads
import Support
import Training

/// A small search over how the winner is trained, on held-out parts of train and on dev.
struct WinnerTuning: Sendable {
    let stage: TrainingStage
    let key: RandomKey

    /// Learning rates, weight decays and label smoothings that are tried; the base configuration is
    /// always among the contestants.
    private static let learningRates: [Float] = [3e-4, 5e-4, 1e-3, 2e-3]
    private static let weightDecays: [Float] = [0.01, 0.1, 0.3, 1]
    private static let smoothings: [Float] = [0, 0, 0.1]
    private static let epochFactors: [Float] = [0.5, 1, 1.5]

    /// - Parameter count: configurations to try; below 2 the base is taken as it is.
    /// - Returns: the configuration that did best, and all that were tried.
    func run(
        _ genotype: Genotype, base: TrainingConfiguration, count: Int
    ) throws -> (configuration: TrainingConfiguration, tried: [Standing]) {
        guard count > 1 else { return (base, []) }
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
        let halving = SuccessiveHalving(stage: stage, key: key.child("trainings"))
        let (standings, best) = try halving.run(
            configurations.map { Standing(genotype, $0) }, stageName: "tuning")
        return (standings[best].configuration, standings)
    }

    private static func pick(_ values: [Float], _ generator: inout RandomGenerator) -> Float {
        values[generator.index(below: values.count)]
    }
}
