import Foundation
import Metrics

/// What a task file says: where the rows are, how to read them, and what the classes mean.
///
/// A task file is YAML. Keys not listed here are errors, so misspelled ones are noticed:
///
///     name: mrpc                        # default: the name of the file
///     description: Are two sentences from the news paraphrases of each other?
///     source: where to get the data
///     format: tsv                       # tsv, csv, jsonl, json or folders (of classes, with a file for
///                                       # each text); default: by each file's extension
///     delimiter: ";"                    # of tsv or csv; or semicolon, tab, pipe; default: guessed for csv
///     header: true                      # default true; false: columns are numbers from 1
///     columns: {text: "#1 String", pair: "#2 String", label: Quality}     # pair is optional; a list of
///                                       # columns for a text, [word, sentence], is joined by ": "
///     splits:
///       train: msr_paraphrase_train.txt             # or a list: [a.csv, b.csv.gz]
///       dev: {from: train, fraction: 0.1, seed: 1}  # the default; or rows: 200; or a file
///       test: msr_paraphrase_test.txt                 # or carved out of train like dev
///     labels:                           # the order of the classes; default: sorted values
///       - "0": different                # value: name
///       - "1": paraphrase
///     positive: paraphrase              # value or name; the class whose F1 is f1
///     multi-label: true                 # a row may have several labels, or none: `a;b`, `["a", "b"]`
///     separator: ";"                    # between them, one character; default: guessed of | ; ,
///     target: number                    # the label column holds numbers; or class (default), labels
///     metrics: [accuracy, f1]           # of accuracy, f1, macro-f1, mcc: heads are selected by the
///                                       # first, all are shown; f1 needs positive; default:
///                                       # accuracy, f1 where there is a positive, macro-f1, mcc;
///                                       # with several labels micro-f1, macro-f1, average-precision;
///                                       # of numbers pearson, spearman
///     pairing: siamese                  # joint or siamese (default), for pair tasks
///     limit: {rows: 2000, seed: 1}      # stratified draw of training rows; or just limit: 2000
///     max-tokens: 128                   # longer texts are truncated
///     rows: {train: 4076, test: 1725}   # of the files as they are published; others are a warning
///     submissions: [{rows: test.tsv, file: MRPC.tsv}]     # for knas predict --format glue
///
/// File names are relative to the data directory, or to the task file when none is given.
public struct TaskDefinition: Sendable, Hashable {
    /// Which columns hold the texts and the label: header names (keys of a JSON object), or numbers
    /// from 1 when there is no header.
    public struct Columns: Sendable, Hashable {
        /// Column of the text, or of the first text of a pair.
        public var text: String
        /// Column of the second text; `nil` in a task of single texts.
        public var pair: String?
        /// Column of the label.
        public var label: String

        /// Columns whose texts come before the text, joined with it by ": ".
        public var textLead: [String] = []
        /// Columns whose texts come before the second text.
        public var pairLead: [String] = []

        /// All of them.
        var names: [String] { textColumns + pairColumns + [label] }
    }

    /// A stratified draw of rows that depends only on its seed and the rows' positions.
    public struct Sample: Sendable, Hashable {
        /// How much to draw.
        public enum Amount: Sendable, Hashable {
            /// A fraction of all rows, between 0 and 1, rounded to whole rows.
            case fraction(Double)
            /// A number of rows.
            case rows(Int)
        }
        /// How much to draw.
        public var amount: Amount
        /// Seed of the draw.
        public var seed: UInt64

        /// A draw; the same seed draws the same rows.
        public init(_ amount: Amount, seed: UInt64 = 1) {
            self.amount = amount
            self.seed = seed
        }
    }

    /// Where the rows of dev or test come from.
    public enum Source: Sendable, Hashable {
        /// File names, one or more; their rows follow one another.
        case files([String])
        /// Rows taken out of train.
        case carvedFromTrain(Sample)
    }

    /// The task file; file names are relative to its directory unless a data directory is given.
    public var url: URL
    /// Name of the task: letters, digits, spaces, `-`, `_` and `.`.
    public var name: String
    /// What the task asks, for people.
    public var description: String
    /// Where to get the data, for people.
    public var source: String
    /// `nil`: decided by each file's extension.
    public var format: DataFormat?
    /// What is between the fields of TSV and CSV files; `nil`: a tab for TSV; for CSV a comma, or what
    /// gives the columns of the task.
    public var delimiter: Delimiter?
    /// Whether the first row of TSV and CSV files names the columns.
    public var hasHeader: Bool
    /// Which columns hold texts and label.
    public var columns: Columns
    /// The classes in order; `nil`: the sorted distinct values of train.
    public var labels: [TaskLabel]?
    /// Value or name of the positive class, for F1.
    public var positive: String?
    /// What heads are selected by, first, and what else is shown; `nil`: accuracy, macro F1, MCC, and F1
    /// if a class is positive.
    public var metrics: [Metric]?
    /// `nil` in a task of single texts.
    public var pairing: Pairing?
    /// File names of the training rows, one or more.
    public var train: [String]
    /// Where the rows of dev come from.
    public var dev: Source
    /// Where the rows of test come from.
    public var test: Source
    /// The draw of training rows, after dev (and test) were carved out.
    public var limit: Sample?
    /// Tokens after which a text is truncated; `nil` for the encoder's maximum.
    public var maximumTokens: Int?
    /// What was guessed, in lines for people, where a data file was given in place of a task file.
    public var guess: [String] = []
    /// What a benchmark takes, for `knas predict --format glue`.
    public var submissions: [Submission] = []
    /// Rows of the files as they are published, by split.
    public var publishedRows: [Split: Int] = [:]
    /// Where `metrics` is in the task file, for errors that only the rows reveal.
    var metricsPlace: Place
    /// What the label column holds.
    public var target = TargetKind.oneClass
    /// What is between several labels of a row; `nil`: a bar, a semicolon or a comma, as the training rows
    /// have it.
    public var separator: Character?

    /// A place in the task file, from 1.
    struct Place: Sendable, Hashable {
        var line: Int
        var column: Int
    }

    /// Reads a task file, or guesses what a data file or a directory of them means (``TaskGuess``).
    ///
    ///     let task = try TaskDefinition.load(URL(fileURLWithPath: "messages.csv"))
    ///     print(task.guess.joined(separator: "\n"))
    ///
    /// - Parameter options: what to take in place of guesses; nothing for a task file.
    /// - Throws: ``TaskError``, of a task file with the location of the first mistake; `BadOption` for
    ///   options beside a task file; `FileError` when a file cannot be read.
    public static func load(
        _ url: URL, options: DataFileOptions = DataFileOptions()
    ) throws -> TaskDefinition {
        guard TaskLocator.isTaskFile(url) else { return try TaskGuess(url, options).definition }
        try options.requireNothing(for: url)
        // The YAML library recurses, up to a thousand levels deep; the caller's stack may be small.
        return try LargeStack.run { try TaskDefinitionParser(url: url).definition() }
    }

    /// The files that the task reads, by split.
    public var files: [(split: Split, file: String)] {
        var files = train.map { (Split.train, $0) }
        if case .files(let names) = dev { files += names.map { (.dev, $0) } }
        if case .files(let names) = test { files += names.map { (.test, $0) } }
        return files
    }

    /// Where a file of the task is.
    public func location(of file: String, dataDirectory: URL?) -> URL {
        let directory = dataDirectory ?? url.deletingLastPathComponent()
        if file.hasPrefix("/") { return URL(fileURLWithPath: file) }
        return directory.appendingPathComponent(file)
    }

    /// F1 is about a class that is named.
    /// - Throws: ``TaskError/definition(path:line:column:problem:)`` at `metrics`.
    func checkF1() throws {
        guard metrics?.contains(.f1) == true, positive == nil else { return }
        throw TaskError.definition(
            path: url.path, line: metricsPlace.line, column: metricsPlace.column,
            problem: "f1 is about one class: name it with `positive`, or use macro-f1")
    }
}
