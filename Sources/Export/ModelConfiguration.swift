import Features
import Foundation
import Heads
import Support
import Tasks

/// `config.json` of a model directory: everything that is not a number of the head.
public struct ModelConfiguration: Sendable, Hashable, Codable {
    /// The encoder that the head is built on.
    public struct EncoderReference: Sendable, Hashable, Codable {
        /// The name it was installed under, or a path.
        public var name: String
        /// Its digest; a model does not run on another encoder.
        public var digest: String
        /// Whether the encoder's files are in the model's directory, so none has to be installed.
        public var isIncluded: Bool?

        public init(name: String, digest: String, isIncluded: Bool? = nil) {
            self.name = name
            self.digest = digest
            self.isIncluded = isIncluded
        }
    }

    /// Encoder layers that were trained with the head and belong to the model.
    public struct FineTuning: Sendable, Hashable, Codable {
        /// The lowest of them, from 1.
        public var firstLayer: Int
        /// The highest of them.
        public var lastLayer: Int
        /// The hidden states that the head reads, trained ones among them, ascending.
        public var headLayers: [Int]
        /// The prefix of the encoder's weight names.
        public var weightPrefix: String

        public init(
            firstLayer: Int, lastLayer: Int, headLayers: [Int], weightPrefix: String
        ) {
            self.firstLayer = firstLayer
            self.lastLayer = lastLayer
            self.headLayers = headLayers
            self.weightPrefix = weightPrefix
        }
    }

    /// Version of the layout.
    public var formatVersion = 2
    /// The versions that can be read; from 3 on there are fine-tuned and included encoders, from 4 on
    /// ensembles.
    private static let versions = 2...4
    /// Heads that an ensemble may have.
    private static let memberCounts = 2...1000
    public var task: String
    public var encoder: EncoderReference
    /// The hidden states of the encoder that the model's graph reads, ascending; 0 is the embeddings'
    /// output. Without fine-tuning those are the head's.
    public var layers: [Int]
    /// The encoder layers in the model's graph, where some were fine-tuned.
    public var fineTuning: FineTuning?
    public var pairing: Pairing
    /// Whether the task has two texts.
    public var hasPairs: Bool
    /// Longest sequence in tokens.
    public var maximumLength: Int
    /// The head, as `--head` accepts it.
    public var genotype: String
    /// Class names, by index.
    public var labels: [TaskLabel]
    /// Index of the positive class, for F1, in tasks that have one.
    public var positiveLabel: Int?
    /// Features per token.
    public var width: Int
    /// Heads whose probabilities are averaged, all of the same genotype; `nil` for a single head.
    public var members: Int?

    public init(
        task: String, encoder: EncoderReference, layers: [Int], pairing: Pairing, hasPairs: Bool,
        maximumLength: Int, genotype: String, labels: [TaskLabel], positiveLabel: Int?,
        width: Int
    ) {
        self.task = task
        self.encoder = encoder
        self.layers = layers
        self.pairing = pairing
        self.hasPairs = hasPairs
        self.maximumLength = maximumLength
        self.genotype = genotype
        self.labels = labels
        self.positiveLabel = positiveLabel
        self.width = width
    }

    /// How features are made for this model.
    public var features: FeatureConfiguration {
        FeatureConfiguration(layers: layers, pairing: pairing, maximumLength: maximumLength)
    }

    /// The context that the head is built for.
    public var context: HeadContext {
        HeadContext(
            inputWidth: width, classes: labels.count,
            segments: features.segments(hasPairs: hasPairs),
            layers: fineTuning?.headLayers ?? layers)
    }

    /// Reads and checks a `config.json`.
    /// - Throws: ``FileError``, ``ModelError``.
    public static func load(_ url: URL) throws -> ModelConfiguration {
        let file = try MappedFile(url)
        guard file.count <= 1 << 20 else {
            throw ModelError.badConfiguration(path: url.path, reason: "larger than 1 MiB")
        }
        do {
            let result = try JSONDecoder().decodeChecked(
                ModelConfiguration.self, from: Data(file.bytes))
            if let reason = result.objection {
                throw ModelError.badConfiguration(path: url.path, reason: reason)
            }
            return result
        } catch let error as DecodingError {
            throw ModelError.badConfiguration(
                path: url.path, reason: "not the configuration of a model: \(error.reason)")
        }
    }

    private var objection: String? {
        if !Self.versions.contains(formatVersion) {
            return "formatVersion is \(formatVersion): expected \(Self.versions.lowerBound) to "
                + "\(Self.versions.upperBound)"
        }
        if !Self.areLayers(layers) { return "layers is \(layers): expected ascending numbers" }
        if let reason = fineTuning.flatMap(objection) { return reason }
        if !(2...100_000).contains(labels.count) { return "\(labels.count) labels" }
        if !(1...65_536).contains(width) { return "width is \(width)" }
        if !(1...1_000_000).contains(maximumLength) { return "maximumLength is \(maximumLength)" }
        if let positiveLabel, !labels.indices.contains(positiveLabel) {
            return "positiveLabel is \(positiveLabel), there are \(labels.count) labels"
        }
        if let members {
            guard Self.memberCounts.contains(members) else {
                return "members is \(members): expected \(Self.memberCounts.lowerBound) to "
                    + "\(Self.memberCounts.upperBound), or none for a single head"
            }
            if fineTuning != nil { return "an ensemble cannot have fine-tuned encoder layers" }
        }
        return nil
    }

    private static func areLayers(_ layers: [Int]) -> Bool {
        !layers.isEmpty && layers.count <= 1001 && layers.allSatisfy((0...1000).contains)
            && !zip(layers, layers.dropFirst()).contains(where: { $0 >= $1 })
    }

    /// The graph reads the layer below those that were trained, and the lower ones that the head reads.
    private func objection(_ tuning: FineTuning) -> String? {
        guard Self.areLayers(tuning.headLayers) else {
            return "fineTuning.headLayers is \(tuning.headLayers): expected ascending numbers"
        }
        guard tuning.firstLayer >= 1, tuning.firstLayer <= tuning.lastLayer,
            tuning.headLayers.last == tuning.lastLayer
        else {
            return "fineTuning has layers \(tuning.firstLayer) to \(tuning.lastLayer) under a head "
                + "on \(tuning.headLayers)"
        }
        let base = tuning.firstLayer - 1
        let expected = tuning.headLayers.filter { $0 < base } + [base]
        guard layers == expected else {
            return "layers is \(layers): expected \(expected) below the fine-tuned ones"
        }
        return nil
    }
}

/// Errors of model directories.
public enum ModelError: DiagnosedError, Equatable {
    case badConfiguration(path: String, reason: String)
    case badWeights(path: String, reason: String)
    case otherEncoder(path: String, name: String, expected: String, found: String)
    case otherTask(model: String, task: String, reason: String)
    case wrongInput(reason: String)
    case unknownFormat(name: String, known: [String])

    public var kind: ErrorKind {
        switch self {
        case .unknownFormat: .usage
        default: .badInput
        }
    }

    public var description: String {
        switch self {
        case .badConfiguration(let path, let reason): "\(path): \(reason)"
        case .badWeights(let path, let reason): "\(path): \(reason)"
        case .otherEncoder(let path, let name, let expected, let found):
            "\(path): made on encoder '\(name)' with digest \(expected.prefix(16))..., but the one "
                + "installed has \(found.prefix(16))..."
        case .otherTask(let model, let task, let reason):
            "model \(model) does not fit task \(task): \(reason)"
        case .wrongInput(let reason): reason
        case .unknownFormat(let name, let known):
            "there is no export format '\(name)'; known formats: \(known.joined(separator: ", "))"
                + suggestion(for: name, in: known)
        }
    }
}
