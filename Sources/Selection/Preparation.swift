import Encoders
import Features
import Foundation
import Heads
import Support
import Tasks

/// What every kind of work on a task begins with: its rows, and the views that heads read.
/// Features are computed on demand.
public struct Preparation: Sendable {
    /// The task's rows.
    public let dataset: Dataset
    /// What heads read: each encoder with each pairing.
    public let views: [View]
    /// The heads that can be drawn, a space for each view.
    public let spaces: SearchSpaces

    /// - Precondition: at least one view.
    public init(_ dataset: Dataset, views: [View]) {
        self.dataset = dataset
        self.views = views
        spaces = SearchSpaces(views.map(\.space))
    }

    /// The view that a head reads.
    /// - Precondition: it is one of ``views``.
    public func view(of genotype: Genotype) -> View { views[spaces.index(of: genotype)] }

    /// The same task with fewer rows.
    /// - Throws: `TaskError` where a class would have no row to train on.
    public func limited(to limits: RowLimits) throws -> Preparation {
        let dataset = try dataset.limited(to: limits)
        return Preparation(dataset, views: views.map { $0.reading(dataset) })
    }

    /// Refuses what only works with one class a row.
    /// - Parameter what: its name, e.g. an option's.
    /// - Throws: ``RunError/needsClasses(what:task:found:)``.
    public func requireClasses(for what: String) throws {
        try dataset.requireClasses(for: what)
    }

    /// A split's features in every view.
    /// - Throws: as ``FeatureSource/features(_:)``.
    public func features(_ split: Split) throws -> [FeatureSet] {
        try views.map { try $0.features.features(split) }
    }

    /// All splits' features in every view.
    /// - Throws: as ``FeatureSource/features(_:)``.
    public func splits() throws -> ViewSplits {
        // One view after another: each opens its encoder once.
        let splits = try views.map { try $0.features.splits() }
        return ViewSplits(
            train: splits.map(\.train), dev: splits.map(\.dev), test: splits.map(\.test))
    }

    /// The group of each row of train, then of dev: rows that share a text are together.
    /// - Complexity: O(bytes of the texts).
    public var together: [Int] { TextGroups(dataset.train + dataset.dev).of }

    /// What determines the features beside the data set: the encoder's digest, or those of all views
    /// with their pairings; and the precision.
    public var digest: String {
        let precision = views[0].encoder.precision
        return
            (views.count == 1
            ? views[0].encoder.digest
            : views.map { "\($0.encoder.digest) \($0.pairing.rawValue)" }.joined(separator: ", "))
            + (precision == .float32 ? "" : " in \(precision.rawValue)")
    }

    /// The names of the encoders, each once, in order.
    public var encoderNames: [String] {
        var seen: Set<String> = []
        return views.map(\.encoderName).filter { seen.insert($0).inserted }
    }
}

extension Dataset {
    /// Refuses what only works with one class a row.
    /// - Parameter what: its name, e.g. an option's.
    /// - Throws: ``RunError/needsClasses(what:task:found:)``.
    public func requireClasses(for what: String) throws {
        guard targets.kind == .oneClass else {
            throw RunError.needsClasses(what: what, task: name, found: targets.kind)
        }
    }
}

/// The features of a data set's splits, each in every view.
public struct ViewSplits: Sendable {
    /// The training split's.
    public let train: [FeatureSet]
    /// The dev split's.
    public let dev: [FeatureSet]
    /// The test split's.
    public let test: [FeatureSet]
}

// MARK: Opening

extension Preparation {
    /// Reads the task and opens the encoders.
    ///
    /// - Parameters:
    ///   - watch: times the stages `tasks` and `encoder`.
    ///   - note: called with one line about what was found.
    /// - Throws: `TaskError`, `EncoderError`, `BadOption`, ``RunError/emptySplit(task:split:)`` and
    ///   the like.
    public init(
        _ input: InputConfiguration, _ space: SpaceConfiguration, threads: Int,
        watch: Stopwatch = Stopwatch(), progress: ProgressHandler?,
        note: @escaping @Sendable (String) -> Void
    ) throws {
        let dataset = try watch.time("tasks") { try Self.load(input, note) }
        let encoders = try watch.time("encoder") {
            try input.encoders.map {
                try Encoder(directory: EncoderStore.find($0)).computing(in: input.precision)
            }
        }
        for (name, encoder) in zip(input.encoders, encoders) {
            if let wanted = dataset.maximumTokens, wanted > encoder.maximumLength {
                note(
                    "warning: \(wanted) tokens are wanted, \(name) reads \(encoder.maximumLength) "
                        + "at most: longer texts are cut there")
            }
        }
        try self.init(
            dataset, encoders, input, space, threads: threads, progress: progress, note: note)
    }

    /// - Parameter encoders: those of the input, open.
    /// - Throws: `EncoderError`, `BadOption`.
    public init(
        _ dataset: Dataset, _ encoders: [Encoder], _ input: InputConfiguration,
        _ space: SpaceConfiguration, threads: Int, progress: ProgressHandler?,
        note: @escaping @Sendable (String) -> Void
    ) throws {
        let pairings = dataset.pairing.map { input.pairings == .both ? [.siamese, .joint] : [$0] }
        let names = ViewNames.list(encoders: input.encoders, pairings: pairings ?? [])
        var views: [View] = []
        for (place, encoder) in encoders.enumerated() {
            let name = input.encoders[place]
            let layers = try Self.layers(input, of: encoder, name)
            for (index, pairing) in (pairings ?? [.joint]).enumerated() {
                let features = FeatureSource(
                    dataset: dataset, encoder: encoder, pairing: pairing, layers: layers,
                    threads: threads, progress: progress, note: note)
                let context = HeadContext(
                    inputWidth: encoder.width, classes: dataset.targets.outputs,
                    segments: features.segments, layers: layers,
                    view: input.hasSeveralViews ? names[place][index] : nil)
                views.append(
                    View(
                        encoderName: name, encoder: encoder, features: features,
                        space: try space.space(context)))
            }
        }
        self.init(dataset, views: views)
    }

    /// The layers of an encoder that heads may read.
    private static func layers(
        _ input: InputConfiguration, of encoder: Encoder, _ name: String
    ) throws -> [Int] {
        let count = encoder.configuration.layers
        do {
            return try input.layers.layers(of: count)
        } catch let error as EncoderError {
            guard input.encoders.count > 1 else { throw error }
            throw BadOption(
                name: "--layers", value: input.layers,
                expected: "layers that every encoder has; those of \(name) are 0 to \(count)")
        }
    }

    /// Reads the task's rows; no encoder is opened.
    /// - Parameter note: called with one line about what was found.
    /// - Throws: `TaskError`, `BadOption`, ``RunError/emptySplit(task:split:)``.
    public static func load(
        _ input: InputConfiguration, _ note: (String) -> Void
    ) throws -> Dataset {
        let definition = try TaskDefinition.load(input.task, options: input.dataFile)
        if !definition.guess.isEmpty { note(definition.guess.joined(separator: "\n")) }
        let dataset = try Dataset.load(
            definition, dataDirectory: input.data,
            options: Dataset.Options(
                skipBadRows: input.skipBadRows, pairing: input.pairings.single,
                maximumTokens: input.maximumLength)
        ).limited(to: input.rows)
        try require(
            input.pairings != .both || dataset.pairing != nil, "--pairing", "both",
            "another choice for \(dataset.name), a task of single texts")
        try require(
            input.pairings == .task || dataset.pairing != nil, "--pairing",
            input.pairings.rawValue, "nothing for \(dataset.name), a task of single texts")
        for split in Split.allCases where dataset[split].isEmpty {
            throw RunError.emptySplit(task: dataset.name, split: split.rawValue)
        }
        for text in dataset.report.notes { note(text) }
        for warning in dataset.report.warnings { note("warning: \(warning)") }
        note(
            "task \(dataset.name): \(dataset.train.count) train, \(dataset.dev.count) dev, "
                + "\(dataset.test.count) test rows, \(dataset.answers)")
        return dataset
    }
}
