/// Which texts to label next: `knas next --json`.
public struct NextRowsResult: Sendable, Encodable {
    /// A text to label.
    public struct Row: Sendable, Encodable {
        /// Its line in the file, from 1.
        public var line: Int
        /// The text, or the first of a pair.
        public var text: String
        /// The second text of a pair.
        public var pair: String?
        /// The class that the rows with labels so far make the most likely; `nil` where there are none.
        public var likely: String?
        /// Its probability.
        public var probability: Float?
        /// The class that comes second.
        public var second: String?
        /// How far the first is ahead of the second.
        public var margin: Float?
        /// Texts in its group, itself included.
        public var standsFor: Int
    }

    /// The task's name; `nil` where no row has a label yet.
    public var task: String?
    /// The encoder's name or path.
    public var encoder: String
    /// Rows that have labels.
    public var labelled: Int
    /// Texts in the file.
    public var texts: Int
    /// Those that are neither among the labelled rows nor said before.
    public var new: Int
    /// The seed of everything random.
    public var seed: UInt64
    /// What to label, the one that counts most first.
    public var rows: [Row]
}
