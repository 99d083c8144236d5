import Support
import Training

/// Other training configurations for one head, drawn at random.
struct Tuning: Sendable {
    let key: RandomKey

    /// Learning rates, weight decays and label smoothings to try.
    private static let learningRates: [Float] = [3e-4, 5e-4, 1e-3, 2e-3]
    private static let weightDecays: [Float] = [0.01, 0.1, 0.3, 1]
    private static let smoothings: [Float] = [0, 0, 0.1]
    private static let epochFactors: [Float] = [0.5, 1, 1.5, 2]

    /// - Parameter count: how many.
    /// - Returns: different ones, none of them the base.
    func configurations(beside base: TrainingConfiguration, count: Int) -> [TrainingConfiguration] {
        var result: [TrainingConfiguration] = []
        var generator = key.child("configurations").generator()
        var attempts = 0
        while result.count < count, attempts < 100 * count {
            attempts += 1
            var next = base
            next.learningRate = Self.pick(Self.learningRates, &generator)
            next.weightDecay = Self.pick(Self.weightDecays, &generator)
            next.labelSmoothing = Self.pick(Self.smoothings, &generator)
            next.epochs = max(
                1, Int(Float(base.epochs) * Self.pick(Self.epochFactors, &generator)))
            if next != base, !result.contains(next) { result.append(next) }
        }
        return result
    }

    private static func pick(_ values: [Float], _ generator: inout RandomGenerator) -> Float {
        values[generator.index(below: values.count)]
    }
}
