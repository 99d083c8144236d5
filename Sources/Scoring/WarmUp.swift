import CKernels
import Features
import Graphs
import Support
import Tensors

/// A few training steps that a head takes before it is scored: kernels at a random start say little
/// about what a head will make of its features; after some steps they say more (Fort et al.,
/// NeurIPS 2020, on kernels during training).
///
/// AdamW with the default moments and decay, gradients clipped to norm one, dropout on. Every head
/// sees the same mini-batches, which hold no scoring example.
struct WarmUp: Sendable {
    private let train: FeatureSet
    /// Examples in each step.
    private let steps: [[Int]]
    private let learningRate: Float

    /// - Parameters:
    ///   - excluded: the scoring batch.
    ///   - key: draws the mini-batches, without repetition until all examples were seen.
    /// - Throws: `BadOption` when fewer examples than a mini-batch remain.
    init(
        train: FeatureSet, excluding excluded: [Int], options: Scorer.Options, key: RandomKey
    ) throws {
        self.train = train
        learningRate = options.warmUpLearningRate
        let scored = Set(excluded)
        let others = (0..<train.count).filter { !scored.contains($0) }
        let size = options.warmUpBatch
        try require(
            others.count >= size, "the number of warm-up examples per step", size,
            "at most the \(others.count) training examples that are not scored on")
        var steps: [[Int]] = []
        var queue: ArraySlice<Int> = []
        var round = 0
        while steps.count < options.warmUpSteps {
            if queue.count < size {
                var generator = key.child(round).generator()
                queue = others.shuffled(using: &generator)[...]
                round += 1
            }
            steps.append(Array(queue.prefix(size)))
            queue = queue.dropFirst(size)
        }
        self.steps = steps
    }

    /// Applies all steps to `parameters`.
    /// - Parameter key: decides the dropout masks.
    /// - Throws: ``ScoringError/nonFinite(proxy:)``.
    func run(
        _ parameters: ParameterSet, executor: Executor, classes: Int, key: RandomKey
    ) throws {
        let gradient = BatchGradient(parameters.layout)
        let storage = gradient.storage
        let count = Int64(storage.count)
        let first = FloatStorage(count: storage.count)
        let second = FloatStorage(count: storage.count)
        let betas: (Float, Float) = (0.9, 0.999)
        var powers: (Float, Float) = (1, 1)
        var dropout = key.generator()
        for examples in steps {
            let batch = try train.batch(examples)
            let logits = executor.forward(
                batch.batch, parameters: parameters, mode: .training(key: dropout.next()))
            let result = Loss.evaluate(
                logits: logits, targets: batch.targets, outputs: classes)
            gradient.clear()
            executor.backward(
                result.gradients.map { $0 / Float(examples.count) }, into: gradient)
            let norm = Float(storage.squaredNorm.squareRoot())
            guard norm.isFinite else { throw ScoringError.nonFinite(proxy: "warm-up") }
            if norm > 1 { knas_scale(count, 1 / norm, storage.pointer, storage.pointer) }
            powers = (powers.0 * betas.0, powers.1 * betas.1)
            knas_adamw(
                count, parameters.storage.pointer, storage.pointer, first.pointer, second.pointer,
                learningRate, betas.0, betas.1, 1e-8, 0.01, 1 - powers.0, 1 - powers.1)
            // The mini-batch's memory is read until here.
            withExtendedLifetime(batch) {}
        }
    }
}
