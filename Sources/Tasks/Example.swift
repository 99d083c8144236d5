import Metrics

/// One text, or pair of texts, of a task, with its true answer.
public struct Example: Sendable, Hashable {
    /// The text, or the first text of a pair; never empty, without surrounding white space.
    public var text: String
    /// The second text of a pair task, `nil` in a task of single texts.
    public var pair: String?
    /// What a model should answer: indices are those of ``Dataset/labels``.
    public var target: Target

    /// An example with its true answer.
    public init(
        text: String, pair: String? = nil, target: Target, place: RowPlace? = nil
    ) {
        self.text = text
        self.pair = pair
        self.target = target
        self.place = place
    }

    /// Index of the class in ``Dataset/labels``.
    /// - Precondition: it has one class.
    public var label: Int {
        guard case .oneClass(let label) = target else { preconditionFailure("one class") }
        return label
    }
    /// Where it was read; `nil` for one that comes from elsewhere. It does not count for equality.
    public var place: RowPlace?

    /// An example; `label` is an index of the classes of the task.
    public init(text: String, pair: String? = nil, label: Int, place: RowPlace? = nil) {
        self.init(text: text, pair: pair, target: .oneClass(label), place: place)
    }

    public static func == (a: Example, b: Example) -> Bool {
        a.text == b.text && a.pair == b.pair && a.target == b.target
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(text)
        hasher.combine(pair)
        hasher.combine(target)
    }
}

/// How the two texts of a pair reach the encoder.
public enum Pairing: String, Sendable, Hashable, CaseIterable, Codable {
    /// Both texts in one sequence, with the separators of the tokenizer between them.
    case joint
    /// Each text in a sequence of its own; the head compares them.
    case siamese
}

/// A class of a task.
public struct TaskLabel: Sendable, Hashable, Codable {
    /// The value in the data files, e.g. `1`.
    public var value: String
    /// The name to display, e.g. `paraphrase`; the value itself unless the task says otherwise.
    public var name: String

    /// A class; without a name, its value is its name.
    public init(value: String, name: String? = nil) {
        self.value = value
        self.name = name ?? value
    }
}

/// The parts of a data set.
public enum Split: String, Sendable, Hashable, CaseIterable, Codable {
    /// Rows to train on.
    case train
    /// Rows for model selection.
    case dev
    /// Rows for judging the exported model and its controls, read once.
    case test
}

/// How the rows of a data file are written.
public enum DataFormat: String, Sendable, Hashable, CaseIterable, Codable {
    /// Fields between tabs, one row per line; a quote is a character like any other (as in GLUE).
    case tsv
    /// Fields between commas, optionally quoted (RFC 4180).
    case csv
    /// One JSON object per line, or one array of objects.
    case jsonl
    /// The same.
    case json
    /// Folders named after classes, with a file for each text.
    case folders

    /// The format that a file name's extension implies, if any; that of gzip is passed over.
    public init?(fileName: String) {
        let fileName =
            fileName.lowercased().hasSuffix(".gz") ? String(fileName.dropLast(3)) : fileName
        guard let dot = fileName.lastIndex(of: ".") else { return nil }
        switch fileName[fileName.index(after: dot)...].lowercased() {
        case "tsv": self = .tsv
        case "csv": self = .csv
        case "jsonl", "ndjson": self = .jsonl
        case "json": self = .json
        default: return nil
        }
    }
}
