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

    /// The model: its task, classes, views and heads.
    public var model: ModelConfiguration
    /// What the task asks, in a sentence; may be empty.
    public var taskDescription = ""
    /// Where the training data comes from; may be empty.
    public var source = ""
    /// Trained weights of one training of every head, those of encoder layers included.
    public var weightCount = 0
    /// What an answer costs, compared with an encoder alone (``Model/costFactor(encoders:lengths:)``);
    /// `nil` where it was not computed.
    public var costFactor: Double?
    /// Rows of each split.
    public var rows: [String: Int] = [:]
    /// Metrics on test, most important first.
    public var metrics: [Metric] = []
    /// Where the only training is from, e.g. `the best of 3 trainings on dev`; `nil` where it is not one of several.
    public var origin: String?
    /// The same metrics for controls on the same test rows, by name, e.g. a linear probe.
    public var baselines: [String: [Metric]] = [:]
    /// Version of the program and the seed of the run.
    public var version = ""
    public var seed: UInt64 = 0

    public init(_ model: ModelConfiguration) { self.model = model }

    /// The encoder layers that were trained with a head, from 1; `nil` where none was.
    var trainedLayers: ClosedRange<Int>? {
        model.views.lazy.compactMap(\.fineTuning).first.map { $0.firstLayer...$0.lastLayer }
    }
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
        let lengths = c.model.views.map { "\($0.maximumLength)" }
        return """
            # \(line(c.model.task))

            \(kind(c.model)) \(input(c.model)): \(heads(c)).\
            \(c.taskDescription.isEmpty ? "" : " The task: \(line(c.taskDescription))")

            \(c.model.members.count == 1 ? "- \(head(c))" : members(c.model))
            \(answers(c.model))
            - Longest input: \(list(lengths)) tokens; longer inputs are truncated
            - \(digests(c.model))\(calibration(c.model))\(promises(c.model))\(cost(c))
            - Made by knas \(line(c.version)), seed \(c.seed)
            """
    }

    private static func input(_ model: ModelConfiguration) -> String {
        guard model.hasPairs else { return "texts" }
        let ways = model.views.map {
            $0.pairing == .joint ? "encoded as one sequence" : "each encoded separately"
        }
        return "pairs of texts, \(list(ways, " and "))"
    }

    /// What was chosen, and on what it was trained.
    private static func heads(_ c: ModelCardContent) -> String {
        let (views, members) = (c.model.views, c.model.members)
        let trained = c.trainedLayers.map { layers in
            layers.count == 1
                ? "layer \(layers.lowerBound) was trained with it"
                : "layers \(layers.lowerBound) to \(layers.upperBound) were trained with it"
        }
        let names = list(views.map { "`\(line($0.encoder.name))`" }, " and ")
        guard members.count == 1 else {
            return
                "\(members.count) small heads, chosen by knas on held-out rows and trained on the "
                + "frozen encoder\(names.contains("` and `") ? "s" : "") \(names), whose "
                + "probabilities are mixed by their weights"
                + (trained.map { "; one of them has an encoder of its own, whose \($0)" } ?? "")
        }
        let frozen = trained == nil ? "frozen " : ""
        let read = views[0].fineTuning?.headLayers ?? members[0].layers
        return "a small head, chosen by knas on held-out rows and trained on the \(frozen)encoder "
            + "\(names) (\(layers(read)))\(trained.map { ", whose \($0)" } ?? "")"
    }

    private static func layers(_ layers: [Int]) -> String {
        (layers.count == 1 ? "layer " : "layers ")
            + layers.map(String.init).joined(separator: ", ")
    }

    private static func head(_ c: ModelCardContent) -> String {
        let member = c.model.members[0]
        let encoder = c.trainedLayers == nil ? "" : " with those of the encoder's trained layers"
        let linear = c.model.views[member.view].fineTuning?.linear.map {
            " beside the linear head `\(line($0.genotype))`"
        }
        let head =
            "`\(line(member.genotype))`\(linear ?? ""), \(c.weightCount) weights\(encoder)"
        return member.replicas == 1
            ? "Head: \(head)"
            : "\(member.replicas) heads, trained with different seeds, whose probabilities are "
                + "averaged: \(head) each"
    }

    /// Values without repetitions.
    private static func list(_ values: [String], _ separator: String = ", ") -> String {
        var seen: Set<String> = []
        return values.filter { seen.insert($0).inserted }.joined(separator: separator)
    }

    private static func digests(_ model: ModelConfiguration) -> String {
        let digests = list(model.views.map { "`\(line($0.encoder.digest))`" })
        return digests.contains(", ")
            ? "Encoder digests: \(digests); the model does not run on other encoders"
            : "Encoder digest: \(digests); the model does not run on another encoder"
    }

    private static func calibration(_ model: ModelConfiguration) -> String {
        model.temperature == 1
            ? ""
            : "\n- Temperature: \(number(model.temperature)), which the logarithms of the "
                + "probabilities are divided by"
    }

    private static func cost(_ c: ModelCardContent) -> String {
        guard let factor = c.costFactor else { return "" }
        let encoders = Set(c.model.views.map(\.encoder.digest)).count
        let alone =
            c.model.views.count == 1 || encoders == 1 && c.model.passes.count == 1
            ? "the encoder" : "the cheapest view's encoder"
        return "\n- Cost: \(number(factor)) times that of \(alone) alone, in multiply-adds for an "
            + "example of mean length"
    }

    /// User text on one line, so it cannot start a heading, a list or front matter.
    static func line(_ text: String) -> String {
        text.split(whereSeparator: { $0.isNewline || $0 == "\t" }).joined(separator: " ")
            .replacingOccurrences(of: "`", with: "'")
    }
}
