import CKernels
import Graphs
import Support
import Tensors

/// A running mean of weights over the last steps of a training.
final class WeightAverage: Sendable {
    /// The mean so far.
    let weights: FloatStorage
    private let decay: Float

    /// - Parameters:
    ///   - start: the weights before the first step.
    ///   - horizon: steps that the mean reaches back.
    init(_ start: FloatStorage, horizon: Float) {
        weights = start.copy()
        decay = 1 - 1 / max(1, horizon)
    }

    /// Adds the weights after a step.
    func add(_ now: FloatStorage, threads: Int) {
        let (decay, mean) = (decay, weights)
        let pieces = (0..<now.count).pieces(of: 1 << 16)
        Parallel.forEach(count: pieces.count, threads: threads) { place, _ in
            mean.blend(pieces[place], keeping: decay, adding: 1 - decay, of: now)
        }
    }
}

/// Pulls an encoder's weights back to where they started, by a share of the way that is the learning rate times
/// a strength: L2-SP (Li, Grandvalet and Davoine, ICML 2018), decoupled as AdamW's weight decay is.
final class PretrainedPull: Sendable {
    private let start: FloatStorage
    private let strength: Float
    /// Trained weights of the encoder, and their learning rate as a multiple of the head's.
    private let ranges: [(range: Range<Int>, rate: Float)]

    /// - Parameter parameters: the weights before the first step.
    init(
        _ model: FineTuneGraph, _ parameters: ParameterSet,
        _ configuration: FineTuneConfiguration, strength: Float
    ) {
        start = parameters.storage.copy()
        self.strength = strength
        let own = model.unfrozen.parameterIndices
        ranges = zip(parameters.layout.trainable, model.groups(configuration)).compactMap {
            own.contains($0.id.index) ? ($0.range, $1.rateFactor) : nil
        }
    }

    func apply(to weights: FloatStorage, learningRate: Float, threads: Int) {
        let (start, strength, ranges) = (start, strength, ranges)
        Parallel.forEach(count: ranges.count, threads: threads) { place, _ in
            let (range, rate) = ranges[place]
            let share = min(1, learningRate * rate * strength)
            weights.blend(range, keeping: 1 - share, adding: share, of: start)
        }
    }
}

extension FloatStorage {
    /// Makes a range of numbers a share of what they are plus a share of others in the same places.
    func blend(
        _ range: Range<Int>, keeping: Float, adding: Float, of other: FloatStorage
    ) {
        let (count, target) = (Int64(range.count), pointer + range.lowerBound)
        knas_scale(count, keeping, target, target)
        knas_axpy(count, adding, other.pointer + range.lowerBound, target)
    }
}
