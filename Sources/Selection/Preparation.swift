import Encoders
import Features
import Foundation
import Heads
import Support
import Tasks

/// Where examples come from, and what heads may read.
public struct InputConfiguration: Sendable {
    /// The task's definition file.
    public var task: URL
    /// Directory of the task's data files; that of the definition where `nil`.
    public var data: URL?
    /// Whether bad rows are left out instead of stopping the run.
    public var skipBadRows = false
    /// Whether pairs are encoded as one sequence or separately; the task's choice where `nil`.
    public var pairing: Pairing?
    /// Longest sequence in tokens; the task's choice where `nil`.
    public var maximumLength: Int?
    /// Name or path of the encoder.
    public var encoder = EncoderStore.defaultName
    /// The encoder's hidden states that heads may read.
    public var layers = LayerSelection.upperThird

    /// This project's standard choices for a task.
    public init(task: URL) { self.task = task }

    /// - Throws: `BadOption`.
    public func check() throws {
        if let maximumLength {
            try require(
                maximumLength >= 8, "--max-tokens", maximumLength, "8 or more")
        }
    }
}

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
        let lengths = (0..<train.count).flatMap { example in
            (0..<train.segments).map { train.length(example, segment: $0) }
        }
        return limits(lengths: lengths, segments: train.segments)
    }

    /// What heads may cost.
    /// - Parameter lengths: tokens of every segment of every training example, grouped by example.
    public func limits(lengths: [Int], segments: Int) -> HeadLimits {
        let means = (0..<segments).map { segment in
            let own = stride(from: segment, to: lengths.count, by: segments)
            return max(1, own.reduce(0) { $0 + lengths[$1] } / max(1, lengths.count / segments))
        }
        return HeadLimits(
            parameters: maximumParameters, multiplyAdds: maximumMultiplyAdds, lengths: means)
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

/// What every kind of work on a task begins with: its rows, the encoder, and the space of heads.
/// Features are computed on demand.
public struct Preparation {
    /// The task's rows.
    public let dataset: Dataset
    /// The frozen encoder.
    public let encoder: Encoder
    /// The name or path that it was opened by.
    public let encoderName: String
    /// The heads that can be drawn, with the layers that they may read.
    public let space: SearchSpace
    /// The features of the splits.
    public let features: FeatureSource

    /// Reads the task and opens the encoder.
    ///
    /// - Parameters:
    ///   - watch: times the stages `tasks` and `encoder`.
    ///   - note: called with one line about what was found.
    /// - Throws: `TaskError`, `EncoderError`, ``RunError/emptySplit(task:split:)`` and the like.
    public init(
        _ input: InputConfiguration, _ space: SpaceConfiguration, threads: Int,
        watch: Stopwatch = Stopwatch(), progress: ProgressHandler?,
        note: @escaping @Sendable (String) -> Void
    ) throws {
        let dataset = try watch.time("tasks") { try Self.load(input, note) }
        let encoder = try watch.time("encoder") {
            try Encoder(directory: EncoderStore.find(input.encoder))
        }
        let layers = try input.layers.layers(of: encoder.configuration.layers)
        self.dataset = dataset
        self.encoder = encoder
        encoderName = input.encoder
        self.space = try space.space(
            HeadContext(
                inputWidth: encoder.width, classes: dataset.labels.count,
                segments: dataset.segments, layers: layers))
        features = FeatureSource(
            dataset: dataset, encoder: encoder, layers: layers, threads: threads,
            progress: progress, note: note)
    }

    private static func load(
        _ input: InputConfiguration, _ note: (String) -> Void
    ) throws -> Dataset {
        let dataset = try Dataset.load(
            TaskDefinition.load(input.task), dataDirectory: input.data,
            options: Dataset.Options(
                skipBadRows: input.skipBadRows, pairing: input.pairing,
                maximumTokens: input.maximumLength))
        for split in Split.allCases where dataset[split].isEmpty {
            throw RunError.emptySplit(task: dataset.name, split: split.rawValue)
        }
        for warning in dataset.report.warnings { note("warning: \(warning)") }
        note(
            "task \(dataset.name): \(dataset.train.count) train, \(dataset.dev.count) dev, "
                + "\(dataset.test.count) test rows, \(dataset.labels.count) classes")
        return dataset
    }
}
