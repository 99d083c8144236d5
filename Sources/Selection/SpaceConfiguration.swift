import Features
import Heads
import Support

/// Which heads there are.
public struct SpaceConfiguration: Sendable {
    /// Largest number of blocks between the input and the pooling.
    public var maximumBlocks = SearchSpace.standardMaximumBlocks
    /// Heads with more trained weights are not proposed; `nil` for no limit. Larger ones would take
    /// most of the time and have not been seen to win.
    public var maximumParameters: Int? = 500_000
    /// Heads that need more multiply-adds for an example of mean length are not proposed.
    public var maximumMultiplyAdds: Double?
    /// Names of the operations that heads are made of; the name `default` means those that are
    /// drawn without being named, as does `nil`.
    public var operations: [String]?

    /// This project's standard choices.
    public init() {}

    /// The space of heads that read what `context` says.
    /// - Throws: `GenotypeError` for an unknown operation.
    public func space(_ context: HeadContext) throws -> SearchSpace {
        guard let operations else {
            return SearchSpace(context: context, maximumBlocks: maximumBlocks)
        }
        return try SearchSpace(
            context: context, maximumBlocks: maximumBlocks, operations: operations)
    }

    /// What heads may cost, for examples of a training set's mean length.
    public func limits(for train: FeatureSet) -> HeadLimits {
        limits(meanLengths: train.meanLengths)
    }

    /// The same for every view.
    /// - Parameter train: the training split's features, one for each view.
    public func limits(for train: [FeatureSet]) -> [HeadLimits] { train.map { limits(for: $0) } }

    /// What heads may cost.
    /// - Parameter lengths: tokens of every segment of every training example, grouped by example.
    public func limits(lengths: [Int], segments: Int) -> HeadLimits {
        limits(meanLengths: Self.meanLengths(lengths, segments: segments))
    }

    private func limits(meanLengths: [Int]) -> HeadLimits {
        HeadLimits(
            parameters: maximumParameters, multiplyAdds: maximumMultiplyAdds,
            lengths: meanLengths)
    }

    /// Mean tokens of each segment.
    /// - Parameter lengths: tokens of every segment of every example, grouped by example.
    static func meanLengths(_ lengths: [Int], segments: Int) -> [Int] {
        (0..<segments).map { segment in
            let own = stride(from: segment, to: lengths.count, by: segments)
            return max(1, own.reduce(0) { $0 + lengths[$1] } / max(1, lengths.count / segments))
        }
    }

    /// - Throws: `BadOption`.
    public func check() throws {
        try require(
            (0...64).contains(maximumBlocks), "--blocks", maximumBlocks, "0 to 64")
        if let maximumParameters {
            try require(
                maximumParameters > 0, "--max-parameters", maximumParameters, "1 or more")
        }
        if let maximumMultiplyAdds {
            try require(
                maximumMultiplyAdds > 0, "--max-flops", maximumMultiplyAdds, "above 0")
        }
    }
}

extension FeatureSet {
    /// Mean tokens of each segment.
    var meanLengths: [Int] {
        let lengths = (0..<count).flatMap { example in
            (0..<segments).map { length(example, segment: $0) }
        }
        return SpaceConfiguration.meanLengths(lengths, segments: segments)
    }
}
