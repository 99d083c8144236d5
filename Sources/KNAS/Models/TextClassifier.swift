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
/// Safe to use from several threads; calls take turns and use several threads internally.
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
        /// The values before the softmax; those of an ensemble are the logarithms of its
        /// probabilities.
        public let logits: [Float]
    }

    /// Names of the classes, by index.
    public let labels: [String]
    /// Whether inputs are pairs of texts.
    public let takesPairs: Bool
    private let model: Model
    private let encoder: Encoder
    private let extractor: FeatureExtractor
    private let threads: Int

    /// Number of inputs that are classified at a time.
    private static let chunk = 512

    /// Loads a model directory and the encoder it was made on.
    ///
    /// - Parameters:
    ///   - url: a run's `model` directory.
    ///   - encoder: the encoder's directory, where it is not installed under its name.
    ///   - threads: threads to encode with.
    /// - Throws: `FileError`, `ModelError`, `EncoderError`, `TensorError`.
    public convenience init(
        contentsOf url: URL, encoder: URL? = nil, threads: Int = Parallel.availableThreads
    ) throws {
        let model = try ModelDirectory.load(url)
        let opened = try ModelDirectory.openEncoder(
            of: model.configuration, at: url, directory: encoder,
            preparing: model.configuration.layers)
        try self.init(model: model, encoder: opened, threads: threads)
    }

    /// A classifier for a model in memory.
    public init(model: Model, encoder: Encoder, threads: Int) throws {
        self.model = model
        self.encoder = encoder
        labels = model.configuration.labels.map(\.name)
        takesPairs = model.configuration.hasPairs
        guard encoder.width == model.configuration.width else {
            throw ModelError.wrongInput(
                reason: "the encoder has width \(encoder.width), the model expects "
                    + "\(model.configuration.width)")
        }
        self.threads = threads
        extractor = try FeatureExtractor(
            encoder, layers: model.configuration.layers, threads: threads)
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
        let inference = model.members.map { BatchedInference(model.graph, $0, threads: threads) }
        var results: [Classification] = []
        results.reserveCapacity(inputs.count)
        for part in inputs.indices.pieces(of: Self.chunk) {
            results += try classify(inputs[part], inference)
        }
        return results
    }

    private func classify(
        _ inputs: ArraySlice<Input>, _ inference: [BatchedInference]
    ) throws -> [Classification] {
        let configuration = model.configuration
        let segments = configuration.context.segments
        let maximum = min(configuration.maximumLength, encoder.maximumLength)
        let tokenizer = encoder.tokenizer
        var texts: [TokenizedText] = []
        for input in inputs {
            if segments == 2 {
                texts.append(tokenizer.encode(input.text, pair: nil, maximumLength: maximum))
                texts.append(
                    tokenizer.encode(input.pair ?? "", pair: nil, maximumLength: maximum))
            } else {
                texts.append(
                    tokenizer.encode(input.text, pair: input.pair, maximumLength: maximum))
            }
        }
        let batch = try extractor.batch(texts, segments: segments)
        let classes = labels.count
        let outputs = Ensemble.logits(
            try inference.map { try $0.outputs(batch).array }, classes: classes)
        return inputs.indices.enumerated().map { place, _ in
            let logits = Array(outputs[place * classes..<(place + 1) * classes])
            var probabilities = logits
            knas_softmax_rows(1, Int64(classes), Int64(classes), 1, &probabilities)
            let best = probabilities.indices.max { probabilities[$0] < probabilities[$1] } ?? 0
            return Classification(
                label: labels[best], probability: probabilities[best],
                probabilities: probabilities, logits: logits)
        }
    }
}
