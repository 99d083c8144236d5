import Tasks

/// What an audit found: `knas audit --json`.
public struct AuditResult: Sendable, Encodable {
    /// The task's name.
    public var task: String
    /// Names of the classes.
    public var classes: [String]
    /// The encoders that judged the labels; none where labels were not judged.
    public var encoders: [String]
    /// Rows of each split.
    public var splits: [String: Int]
    /// The seed of everything random.
    public var seed: UInt64
    /// What was found about labels; `nil` where they were not judged.
    public var labels: LabelFindings?
    /// Rows with the same text (and pair) but for case, width and white space.
    public var duplicates: [DuplicateGroup]
    /// Rows with nearly the same text.
    public var nearDuplicates: [DuplicateGroup]
    /// Rows of dev and test whose text is in train, and of test whose text is in dev.
    public var leakage: [Leak]
    /// Every row, in the order of the files; other parts refer to rows by their index here.
    public var rows: [Row]

    /// A row and where it is.
    public struct Row: Sendable, Encodable {
        /// The split that it belongs to.
        public var split: Split
        /// Path of the file.
        public var file: String
        /// Line where it begins, from 1.
        public var line: Int
        /// The text, or the first text of a pair.
        public var text: String
        /// The second text of a pair.
        public var pair: String?
        /// Name of the class that it has.
        public var label: String
        /// What was found about its label; `nil` where labels were not judged.
        public var finding: LabelFinding?

        /// `FILE:LINE`.
        public var place: String { "\(file):\(line)" }
    }

    /// What is known about a row's label.
    public struct LabelFinding: Sendable, Encodable {
        /// 1 is the row whose label is least likely right.
        public var rank: Int
        /// How likely the label is right by both judges, from 0 to 1; rows are ranked by it.
        public var score: Double
        /// The most probable class by both judges.
        public var likely: String
        /// Whether the label is likely wrong.
        public var isLikelyWrong: Bool
        /// Held-out probabilities of the linear heads, in the order of the classes.
        public var probabilities: [Float]
        /// Those of the gradient kernel with the row left out.
        public var kernelProbabilities: [Float]
    }

    /// What was found about all labels.
    public struct LabelFindings: Sendable, Encodable {
        /// Rows whose label is likely wrong.
        public var likelyWrong: Int
        /// Share of rows whose label both judges together predict.
        public var agreement: Double
        /// The same of the linear heads alone.
        public var linearAgreement: Double
        /// The same of the gradient kernel alone.
        public var kernelAgreement: Double
        /// Classes that are taken for each other, the most often first.
        public var overlaps: [ClassOverlap]
        /// Indices of all rows, that whose label is least likely right first.
        public var order: [Int]
    }

    /// Two classes that are taken for each other.
    public struct ClassOverlap: Sendable, Encodable, Equatable {
        /// The class that comes first.
        public var first: String
        /// The other.
        public var second: String
        /// Rows of the first that are predicted to be of the second.
        public var firstAsSecond: Int
        /// Rows of the second that are predicted to be of the first.
        public var secondAsFirst: Int
        /// Both together as a share of the rows of both classes.
        public var share: Double
    }

    /// Rows that say the same, or nearly.
    public struct DuplicateGroup: Sendable, Encodable, Equatable {
        /// Indices of the rows, ascending.
        public var rows: [Int]
        /// Jaccard's similarity of the least similar two that were compared; 1 for duplicates.
        public var similarity: Double
        /// Whether their labels differ.
        public var isConflicting: Bool
    }

    /// A row whose text is also in a split that it must not be in.
    public struct Leak: Sendable, Encodable, Equatable {
        /// Index of the row.
        public var row: Int
        /// The row that says the same, of train or else of dev.
        public var other: Int
        /// Jaccard's similarity of their character shingles; 1 for the same text.
        public var similarity: Double
    }
}
