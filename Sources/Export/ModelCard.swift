import Foundation

/// The content of a model card: a plain record for whoever makes the model to fill in.
public struct ModelCardContent: Sendable, Hashable {
    /// A metric on the test split, e.g. `accuracy` 0.912.
    public struct Metric: Sendable, Hashable {
        /// As Hugging Face's `evaluate` library calls it, e.g. `accuracy` or `f1`.
        public var name: String
        public var value: Double

        public init(_ name: String, _ value: Double) {
            self.name = name
            self.value = value
        }
    }

    /// Name of the task.
    public var task = ""
    /// What the task asks, in a sentence; may be empty.
    public var taskDescription = ""
    /// Where the training data comes from; may be empty.
    public var source = ""
    /// Names of the classes, by index.
    public var labels: [String] = []
    /// Whether inputs are pairs of texts.
    public var hasPairs = false
    /// `joint` or `siamese`.
    public var pairing = ""
    /// The encoder's name and digest.
    public var encoder = ""
    public var encoderDigest = ""
    /// The hidden states that the head reads; 0 is the embeddings' output.
    public var layers: [Int] = []
    /// The encoder layers that were trained with the head, from 1; `nil` where none was.
    public var trainedLayers: ClosedRange<Int>?
    /// Longest sequence in tokens.
    public var maximumLength = 0
    /// The head, as `--head` accepts it, and the number of trained weights, those of encoder layers
    /// included.
    public var genotype = ""
    public var weightCount = 0
    /// Rows of each split.
    public var rows: [String: Int] = [:]
    /// Metrics on test, most important first.
    public var metrics: [Metric] = []
    /// Trainings over which the metrics are averaged.
    public var seedCount = 1
    /// Heads whose probabilities the model averages; the metrics are those of the whole.
    public var memberCount = 1
    /// The same metrics for controls on the same test rows, by name, e.g. a linear probe.
    public var baselines: [String: [Metric]] = [:]
    /// Version of the program and the seed of the run.
    public var version = ""
    public var seed: UInt64 = 0

    public init() {}
}

/// The `README.md` of a model directory: YAML front matter as model hubs read it, then Markdown for
/// people (Mitchell et al. 2019).
public enum ModelCard {
    /// The text of a card; the same content gives the same text.
    public static func text(_ content: ModelCardContent) -> String {
        let parts = [
            ModelCardFrontMatter.text(content), about(content), data(content), results(content),
            use(content), limits(content),
        ]
        return parts.joined(separator: "\n\n") + "\n"
    }

    private static func about(_ c: ModelCardContent) -> String {
        let layers =
            c.layers.count == 1
            ? "layer \(c.layers[0])"
            : "layers \(c.layers.map(String.init).joined(separator: ", "))"
        var input = "texts"
        if c.hasPairs {
            input =
                c.pairing == "joint"
                ? "pairs of texts, encoded as one sequence"
                : "pairs of texts, each encoded separately"
        }
        return """
            # \(line(c.task))

            A classifier for \(input): a small head, chosen by knas on held-out rows and trained \
            on the \(c.trainedLayers == nil ? "frozen " : "")encoder \
            `\(line(c.encoder))` (\(layers))\(trained(c)).\
            \(c.taskDescription.isEmpty ? "" : " The task: \(line(c.taskDescription))")

            - \(head(c))
            - Classes: \(c.labels.map { "`\(line($0))`" }.joined(separator: ", "))
            - Longest input: \(c.maximumLength) tokens; longer inputs are truncated
            - Encoder digest: `\(line(c.encoderDigest))`; the model does not run on another encoder
            - Made by knas \(line(c.version)), seed \(c.seed)
            """
    }

    private static func trained(_ c: ModelCardContent) -> String {
        guard let layers = c.trainedLayers else { return "" }
        return layers.count == 1
            ? ", whose layer \(layers.lowerBound) was trained with it"
            : ", whose layers \(layers.lowerBound) to \(layers.upperBound) were trained with it"
    }

    private static func head(_ c: ModelCardContent) -> String {
        let encoder = c.trainedLayers == nil ? "" : " with those of the encoder's trained layers"
        let head = "`\(line(c.genotype))`, \(c.weightCount) weights\(encoder)"
        return c.memberCount == 1
            ? "Head: \(head)"
            : "\(c.memberCount) heads, trained with different seeds, whose probabilities are averaged: "
                + "\(head) each"
    }

    /// User text on one line, so it cannot start a heading, a list or front matter.
    static func line(_ text: String) -> String {
        text.split(whereSeparator: { $0.isNewline || $0 == "\t" }).joined(separator: " ")
            .replacingOccurrences(of: "`", with: "'")
    }
}
