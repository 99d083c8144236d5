import Foundation
import Metrics
import Support

/// The examples of a task, ready for use.
public struct Dataset: Sendable {
    /// The task's name.
    public var name: String
    /// What the task asks, for people.
    public var description: String
    /// Where its data is from, for people.
    public var source: String
    /// The classes, or the labels that a row may have; ``Example/target`` has indices of this list. Empty
    /// where rows have numbers.
    public var labels: [TaskLabel]
    /// What the rows' targets are.
    public var targets: TargetSpace
    /// Index of the positive class, for F1.
    public var positiveLabel: Int?
    /// What the task is judged by: heads are selected by the first, all are shown. F1 is among them
    /// only where there is a positive class.
    public var metrics: [Metric]
    /// How pairs reach the encoder; `nil` in a task of single texts.
    public var pairing: Pairing?
    /// Tokens after which a text is truncated; `nil` for the encoder's maximum.
    public var maximumTokens: Int?
    /// Examples to train on.
    public var train: [Example]
    /// Examples for model selection.
    public var dev: [Example]
    /// Examples for judging the exported model and its controls, read once.
    public var test: [Example]
    /// SHA-256 of everything that the examples and their encoding depend on: the files and the keys
    /// of the task that choose columns, classes, rows, pairing and truncation. It does not cover
    /// names, descriptions and metrics.
    public var digest: String
    /// SHA-256 of the text of each file, by its name in the task.
    public var files: [String: String]
    /// What the splits hold, and what looks wrong.
    public var report: DatasetReport

    /// User options that a task file leaves open or sets a default for.
    public struct Options: Sendable, Hashable {
        /// Skip and count bad rows instead of stopping at them.
        public var skipBadRows: Bool
        /// A longer line (or CSV record) is a bad row.
        public var maximumLineBytes: Int
        /// Overrides the task's pairing; ignored in a task with single texts.
        public var pairing: Pairing?
        /// Overrides the task's maximum.
        public var maximumTokens: Int?

        /// Defaults: stop at bad rows, lines up to 1 MiB, pairing and length of the task.
        public init(
            skipBadRows: Bool = false, maximumLineBytes: Int = 1 << 20, pairing: Pairing? = nil,
            maximumTokens: Int? = nil
        ) {
            self.skipBadRows = skipBadRows
            self.maximumLineBytes = maximumLineBytes
            self.pairing = pairing
            self.maximumTokens = maximumTokens
        }
    }

    init(
        definition: TaskDefinition, options: Options, labels: [TaskLabel], positiveLabel: Int?,
        examples: [Split: [Example]], digest: String, files: [String: String], report: DatasetReport
    ) {
        name = definition.name
        description = definition.description
        source = definition.source
        self.labels = labels
        self.positiveLabel = positiveLabel
        let numbers = (examples[.train] ?? []).compactMap { example -> Double? in
            guard case .number(let number) = example.target else { return nil }
            return number
        }
        targets =
            switch definition.target {
            case .oneClass: .classes(labels.count)
            case .labels: .labels(labels.count)
            case .number: .number(NumberScale(of: numbers))
            }
        metrics = definition.metrics ?? Self.metrics(definition.target, positiveLabel)
        pairing = definition.columns.pair == nil ? nil : options.pairing ?? definition.pairing
        maximumTokens = options.maximumTokens ?? definition.maximumTokens
        train = examples[.train] ?? []
        dev = examples[.dev] ?? []
        test = examples[.test] ?? []
        self.digest = digest
        self.files = files
        self.report = report
    }

    /// What a task without a list of metrics is judged by.
    private static func metrics(_ target: TargetKind, _ positiveLabel: Int?) -> [Metric] {
        switch target {
        case .oneClass:
            let f1: [Metric] = positiveLabel == nil ? [] : [.f1]
            return [.accuracy] + f1 + [.macroF1, .mcc]
        case .labels: return [.microF1, .macroF1, .averagePrecision]
        case .number: return [.pearson, .spearman]
        }
    }

    /// What rows are answered with, for people, e.g. `8 classes`.
    public var answers: String {
        switch targets {
        case .classes(let count): "\(count) classes"
        case .labels(let count): "\(count) labels, any number of them a row"
        case .number: "numbers"
        }
    }

    /// What is selected by on held-out rows: the first of ``metrics``.
    public var criterion: SelectionCriterion {
        SelectionCriterion(metrics.first ?? .accuracy, positive: positiveLabel)
    }

    /// The rows of a split.
    public internal(set) subscript(split: Split) -> [Example] {
        get {
            switch split {
            case .train: train
            case .dev: dev
            case .test: test
            }
        }
        set {
            switch split {
            case .train: train = newValue
            case .dev: dev = newValue
            case .test: test = newValue
            }
        }
    }

    /// Reads the files of a task.
    ///
    /// All bad rows of all files are found before any is reported. Dev (and test) are carved out of
    /// train before the limit is applied.
    ///
    /// - Parameter dataDirectory: where the files are; `nil`: next to the task file.
    /// - Throws: ``TaskError``; `FileError` for files that cannot be read.
    /// - Complexity: O(bytes of all files); a line is never copied as a whole.
    public static func load(
        _ definition: TaskDefinition, dataDirectory: URL?, options: Options = Options()
    ) throws -> Dataset {
        try DatasetLoader(
            definition: definition, dataDirectory: dataDirectory, options: options
        ).dataset()
    }
}
