import Encoders
import Export
import Features
import Foundation
import Graphs
import Metrics
import Support
import Tensors
import Tokenization
import Training

/// A trained classifier of texts or pairs of texts.
///
///     let classifier = try TextClassifier(contentsOf: URL(fileURLWithPath: "runs/demo/model"))
///     let answer = try classifier.classify("Could you send up two more towels?")
///     print(answer.label, answer.probability)
///
/// Each view of the model runs once for all heads that read it, and views of the same tokens in one pass. Safe to use from several threads;
/// calls take turns and use several threads internally.
public final class TextClassifier: Sendable {
    /// A text or a pair of texts to classify.
    public struct Input: Sendable, Hashable {
        /// The text, or the first of two.
        public var text: String
        /// The second text; only for models of pairs.
        public var pair: String?

        /// A text, or two.
        public init(_ text: String, pair: String? = nil) {
            self.text = text
            self.pair = pair
        }
    }

    /// The classes' names and how likely each is; or the labels that a text has; or a number.
    public struct Classification: Sendable, Hashable {
        /// The most likely class or label; empty where a number is predicted.
        public let label: String
        /// Its probability; of a number 1.
        public let probability: Float
        /// The probability of each of ``TextClassifier/labels``: with several labels a text each is by
        /// itself. Empty where a number is predicted.
        public let probabilities: [Float]
        /// The values before the softmax or the sigmoids; those of several heads are the logarithms of their
        /// mixed probabilities (or of those against their opposites), divided by the temperature. Of a
        /// number: deviations of the training rows from their mean.
        public let logits: [Float]
        /// The labels whose probabilities reach their thresholds, in the order of
        /// ``TextClassifier/labels``; there may be none. `nil` where texts have one class, or a number.
        public let labels: [String]?
        /// The number that is predicted, in the unit of the training rows; `nil` for other models.
        public let value: Double?
        /// With a share of texts to be wrong about: the classes that remain, in the order of
        /// ``TextClassifier/labels``. For that share of texts like the training rows at most, the true class
        /// is not among them. There may be none, where no class is likely enough; `nil` unless asked for.
        public internal(set) var set: [String]?
        /// The same for numbers: outside of it the true number is in that share of texts at most.
        public internal(set) var interval: ClosedRange<Double>?
        /// The share of texts like the training rows that lie as far from them as this one or farther: a
        /// conformal p-value. Of texts like the training rows 0.05 have 0.05 or less; of others,
        /// more. `nil` for models of earlier versions.
        public internal(set) var familiarity: Double?
        /// Whether the text is farther from the training rows than all but
        /// ``TextClassifier/outlierShare`` of texts like them.
        public var isOutlier: Bool {
            familiarity.map { $0 <= TextClassifier.outlierShare } ?? false
        }

        /// The one class that remains in ``set``; without a set, ``label``. `nil` where the model abstains.
        public var answer: String? {
            guard let set else { return label }
            return set.count == 1 ? set[0] : nil
        }
    }

    /// Names of the classes, or of the labels that a text may have, by index.
    public let labels: [String]
    /// What texts are answered with.
    public var target: TargetKind { model.configuration.targets.kind }
    /// For each of ``labels`` from which probability on a text is said to have it, chosen on held-out rows; `nil`
    /// where texts have one class (see ``threshold(abstain:)``) or a number.
    public var thresholds: [Float]? { model.configuration.thresholds }
    /// Whether inputs are pairs of texts.
    public let takesPairs: Bool
    private let model: Model
    /// What the model's directory says of it.
    var configuration: ModelConfiguration { model.configuration }
    /// In the order of ``ModelConfiguration/passes``.
    private let passes: [ClassifierPass]
    /// For each view its pass and its hidden states' places there.
    private let viewPlaces: [(pass: Int, slots: [Int])]
    private let threads: Int

    /// The share of texts like the training rows that count as outliers.
    public static let outlierShare = 0.05

    /// Number of inputs that are classified at a time.
    private static let chunk = 512

    /// Loads a model directory and the encoders it was made on.
    ///
    /// - Parameters:
    ///   - url: a run's `model` directory.
    ///   - encoder: the encoder's directory, where it is not installed under its name; only for
    ///     models on one encoder.
    ///   - precision: what the encoders compute in; `.bfloat16` is nearly twice as fast where the
    ///     processor has it.
    ///   - threads: threads to encode with.
    /// - Throws: `FileError`, `ModelError`, `EncoderError`, `TensorError`; `BadOption` where the
    ///   precision is not to be had.
    public convenience init(
        contentsOf url: URL, encoder: URL? = nil, precision: Precision = .float32,
        threads: Int = Parallel.availableThreads
    ) throws {
        let model = try ModelDirectory.load(url)
        let encoders = try ModelDirectory.openEncoders(
            of: model.configuration, at: url, directory: encoder, preparing: true
        ).map { try $0.computing(in: precision) }
        try self.init(model: model, encoders: encoders, threads: threads)
    }

    /// A classifier for a model in memory.
    /// - Parameters:
    ///   - model: the heads and their configuration.
    ///   - encoders: for each view of the model the encoder that makes it.
    ///   - threads: threads to encode with.
    /// - Throws: `ModelError.wrongInput` for encoders that do not fit, `EncoderError`, `TensorError`,
    ///   `NoMemory`.
    public init(model: Model, encoders: [Encoder], threads: Int) throws {
        try BLAS.reserveMemory(threads: threads)
        let configuration = model.configuration
        guard encoders.count == configuration.views.count else {
            throw ModelError.wrongInput(
                reason: "\(encoders.count) encoders, the model has \(configuration.views.count) "
                    + "views")
        }
        self.model = model
        labels = configuration.labels.map(\.name)
        takesPairs = configuration.hasPairs
        self.threads = threads
        let passes = configuration.passes
        viewPlaces = configuration.views.enumerated().map { place, view in
            let pass = passes.firstIndex { $0.views.contains(place) } ?? 0
            return (pass, passes[pass].slots(of: view))
        }
        self.passes = try passes.map { pass in
            let view = pass.views[0]
            return try ClassifierPass(
                configuration.views[view], layers: pass.layers,
                segments: configuration.segments(ofView: view), encoders[view],
                threads: threads)
        }
    }

    /// A classifier with the same weights in memory: the two do not take turns.
    /// - Parameter threads: threads to encode with.
    /// - Throws: as ``init(model:encoders:threads:)``.
    public func sharingWeights(threads: Int) throws -> TextClassifier {
        try TextClassifier(
            model: model, encoders: viewPlaces.map { passes[$0.pass].encoder }, threads: threads)
    }

    /// Classifies one text or pair.
    ///
    ///     let answer = try classifier.classify("Is it far?", abstain: 0.05)
    ///     print(answer.answer ?? "one of \(answer.set ?? [])")
    /// - Parameters:
    ///   - text: the text, or the first of two.
    ///   - pair: the second; only for models of pairs.
    ///   - abstain: as for several texts.
    public func classify(
        _ text: String, pair: String? = nil, abstain: Double? = nil
    ) throws -> Classification {
        try classify([Input(text, pair: pair)], abstain: abstain)[0]
    }

    /// Classifies many texts or pairs; results are in the same order.
    /// - Parameters:
    ///   - inputs: texts, or pairs for models of pairs.
    ///   - abstain: the share of texts whose ``Classification/set`` or ``Classification/interval`` may
    ///     lack the truth; `nil`: neither is given.
    /// - Throws: `ModelError.wrongInput` when the second text of a pair is missing, or there is one
    ///   too many; `BadOption` as ``checkAbstaining(_:option:)``.
    public func classify(
        _ inputs: [Input], abstain: Double? = nil
    ) throws -> [Classification] {
        if let abstain { try checkAbstaining(abstain) }
        try check(inputs)
        let heads = model.members.map { member in
            member.replicas.map { BatchedInference(member.graph, $0, threads: threads) }
        }
        var results: [Classification] = []
        results.reserveCapacity(inputs.count)
        for part in inputs.indices.pieces(of: Self.chunk) {
            let batches = try batches(inputs[part])
            let logits = try logits(batches, heads)
            let familiarities = model.familiarities(batches)
            results += (0..<part.count).map { row in
                var result = classification(logits, row)
                result.familiarity = familiarities?[row]
                if let abstain { remain(in: &result, abstain) }
                return result
            }
        }
        return results
    }

    /// Checks that inputs are pairs where the model takes pairs.
    /// - Throws: `ModelError.wrongInput`.
    func check(_ inputs: [Input]) throws {
        for (index, input) in inputs.enumerated() where (input.pair != nil) != takesPairs {
            throw ModelError.wrongInput(
                reason: "input \(index + 1): expected \(takesPairs ? "two texts" : "one text"), "
                    + "found \(takesPairs ? "one" : "two")")
        }
    }

    /// The features of some inputs in each view.
    private func batches(_ inputs: ArraySlice<Input>) throws -> [FeatureBatch] {
        let computed = try passes.map { try $0.batch(inputs) }
        return viewPlaces.map { computed[$0.pass].reading(slots: $0.slots) }
    }

    /// Logits of some inputs, `[inputs, classes]`.
    /// - Parameter batches: one for each view.
    private func logits(
        _ batches: [FeatureBatch], _ heads: [[BatchedInference]]
    ) throws -> [Float] {
        let configuration = model.configuration
        let outputs = try heads.enumerated().map { place, replicas in
            let batch = batches[configuration.members[place].view]
                .reading(slots: configuration.slots(ofMember: place))
            return try replicas.map { try $0.outputs(batch).array }
        }
        return model.logits(outputs)
    }

    /// What a row of logits says.
    private func classification(_ all: [Float], _ row: Int) -> Classification {
        let space = model.configuration.targets
        let logits = Array(all[row * space.outputs..<(row + 1) * space.outputs])
        var answers = logits
        space.answers(overwriting: &answers, rows: 1)
        let best = answers.indices.max { answers[$0] < answers[$1] } ?? 0
        switch space {
        case .classes:
            return Classification(
                label: labels[best], probability: answers[best], probabilities: answers,
                logits: logits, labels: nil, value: nil)
        case .labels:
            let thresholds = model.configuration.thresholds ?? []
            return Classification(
                label: labels[best], probability: answers[best], probabilities: answers,
                logits: logits,
                labels: zip(labels, zip(answers, thresholds)).filter { $1.0 >= $1.1 }.map(\.0),
                value: nil)
        case .number:
            return Classification(
                label: "", probability: 1, probabilities: [], logits: logits, labels: nil,
                value: Double(answers[0]))
        }
    }
}

/// Turns texts into the features of the views of one pass.
private struct ClassifierPass: Sendable {
    let encoder: Encoder
    private let extractor: FeatureExtractor
    private let segments: Int
    private let maximumLength: Int

    /// - Parameter view: any of the pass.
    /// - Throws: `ModelError.wrongInput` for an encoder of another width, `EncoderError`, `TensorError`.
    init(
        _ view: ModelConfiguration.View, layers: [Int], segments: Int, _ encoder: Encoder,
        threads: Int
    ) throws {
        guard encoder.width == view.width else {
            throw ModelError.wrongInput(
                reason: "the encoder has width \(encoder.width), the model expects \(view.width)")
        }
        self.encoder = encoder
        self.segments = segments
        maximumLength = min(view.maximumLength, encoder.maximumLength)
        extractor = try FeatureExtractor(encoder, layers: layers, threads: threads)
    }

    /// The features of some inputs, in the order of the pass's layers.
    func batch(_ inputs: ArraySlice<TextClassifier.Input>) throws -> FeatureBatch {
        var texts: [TokenizedText] = []
        for input in inputs {
            let sequences =
                segments == 2
                ? [(input.text, nil), (input.pair ?? "", nil)] : [(input.text, input.pair)]
            texts += sequences.map { text, pair in
                encoder.tokenizer.encode(text, pair: pair, maximumLength: maximumLength)
            }
        }
        return try extractor.batch(texts, segments: segments)
    }
}
