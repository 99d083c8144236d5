import CKernels
import Encoders
import Export
import Features
import Foundation
import Graphs
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
/// Each view of the model runs once for all heads that read it. Safe to use from several threads;
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

    /// The classes' names and how likely each is.
    public struct Classification: Sendable, Hashable {
        /// The most likely class.
        public let label: String
        /// Its probability.
        public let probability: Float
        /// The probability of each of ``TextClassifier/labels``.
        public let probabilities: [Float]
        /// The values before the softmax; those of several heads are the logarithms of their
        /// mixed probabilities, divided by the temperature.
        public let logits: [Float]
    }

    /// Names of the classes, by index.
    public let labels: [String]
    /// Whether inputs are pairs of texts.
    public let takesPairs: Bool
    private let model: Model
    private let views: [ClassifierView]
    private let threads: Int

    /// Number of inputs that are classified at a time.
    private static let chunk = 512

    /// Loads a model directory and the encoders it was made on.
    ///
    /// - Parameters:
    ///   - url: a run's `model` directory.
    ///   - encoder: the encoder's directory, where it is not installed under its name; only for
    ///     models on one encoder.
    ///   - threads: threads to encode with.
    /// - Throws: `FileError`, `ModelError`, `EncoderError`, `TensorError`.
    public convenience init(
        contentsOf url: URL, encoder: URL? = nil, threads: Int = Parallel.availableThreads
    ) throws {
        let model = try ModelDirectory.load(url)
        let encoders = try ModelDirectory.openEncoders(
            of: model.configuration, at: url, directory: encoder, preparing: true)
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
        views = try configuration.views.indices.map { view in
            try ClassifierView(
                configuration.views[view], segments: configuration.segments(ofView: view),
                encoders[view], threads: threads)
        }
    }

    /// Classifies one text or pair.
    public func classify(_ text: String, pair: String? = nil) throws -> Classification {
        try classify([Input(text, pair: pair)])[0]
    }

    /// Classifies many texts or pairs; results are in the same order.
    /// - Throws: `ModelError.wrongInput` when the second text of a pair is missing, or there is one
    ///   too many.
    public func classify(_ inputs: [Input]) throws -> [Classification] {
        for (index, input) in inputs.enumerated() where (input.pair != nil) != takesPairs {
            throw ModelError.wrongInput(
                reason: "input \(index + 1): expected \(takesPairs ? "two texts" : "one text"), "
                    + "found \(takesPairs ? "one" : "two")")
        }
        let heads = model.members.map { member in
            member.replicas.map { BatchedInference(member.graph, $0, threads: threads) }
        }
        var results: [Classification] = []
        results.reserveCapacity(inputs.count)
        for part in inputs.indices.pieces(of: Self.chunk) {
            let logits = try logits(inputs[part], heads)
            results += (0..<part.count).map { classification(logits, $0) }
        }
        return results
    }

    /// Logits of some inputs, `[inputs, classes]`.
    private func logits(
        _ inputs: ArraySlice<Input>, _ heads: [[BatchedInference]]
    ) throws -> [Float] {
        let batches = try views.map { try $0.batch(inputs) }
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
        let logits = Array(all[row * labels.count..<(row + 1) * labels.count])
        var probabilities = logits
        knas_softmax_rows(1, Int64(labels.count), Int64(labels.count), 1, &probabilities)
        let best = probabilities.indices.max { probabilities[$0] < probabilities[$1] } ?? 0
        return Classification(
            label: labels[best], probability: probabilities[best],
            probabilities: probabilities, logits: logits)
    }
}

/// Turns texts into the features of one view.
private struct ClassifierView: Sendable {
    private let encoder: Encoder
    private let extractor: FeatureExtractor
    private let segments: Int
    private let maximumLength: Int

    /// - Throws: `ModelError.wrongInput` for an encoder of another width, `EncoderError`, `TensorError`.
    init(
        _ view: ModelConfiguration.View, segments: Int, _ encoder: Encoder, threads: Int
    ) throws {
        guard encoder.width == view.width else {
            throw ModelError.wrongInput(
                reason: "the encoder has width \(encoder.width), the model expects \(view.width)")
        }
        self.encoder = encoder
        self.segments = segments
        maximumLength = min(view.maximumLength, encoder.maximumLength)
        extractor = try FeatureExtractor(encoder, layers: view.layers, threads: threads)
    }

    /// The features of some inputs, in the order of the view's layers.
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
