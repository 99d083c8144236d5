import Features
import Foundation
import Heads
import Support
import Tasks

/// `config.json` of a model directory: everything that is not a number of the head.
public struct ModelConfiguration: Sendable, Hashable, Codable {
    /// The encoder that the head stands on.
    public struct EncoderReference: Sendable, Hashable, Codable {
        /// The name it was installed under, or a path.
        public var name: String
        /// Its digest; a model does not run on another encoder.
        public var digest: String

        public init(name: String, digest: String) {
            self.name = name
            self.digest = digest
        }
    }

    /// Version of the layout.
    public var formatVersion = 2
    public var task: String
    public var encoder: EncoderReference
    /// The hidden states that the head reads, ascending; 0 is the embeddings' output.
    public var layers: [Int]
    public var pairing: Pairing
    /// Whether the task has two texts.
    public var hasPairs: Bool
    /// Longest sequence in tokens.
    public var maximumLength: Int
    /// The head, as `--head` accepts it.
    public var genotype: String
    /// Class names, by index.
    public var labels: [TaskLabel]
    /// Index of the class that F1 is about, in tasks that have one.
    public var positiveLabel: Int?
    /// Features a token.
    public var width: Int

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

    /// What surrounds the head.
    public var context: HeadContext {
        HeadContext(
            inputWidth: width, classes: labels.count,
            segments: features.segments(hasPairs: hasPairs), layers: layers)
    }

    /// Reads and checks a `config.json`.
    /// - Throws: ``FileError``, ``ModelError``.
    public static func load(_ url: URL) throws -> ModelConfiguration {
        let file = try MappedFile(url)
        guard file.count <= 1 << 20 else {
            throw ModelError.badConfiguration(path: url.path, reason: "larger than 1 MiB")
        }
        do {
            let result = try JSONDecoder().decode(
                ModelConfiguration.self, from: Data(file.bytes))
            if let reason = result.objection {
                throw ModelError.badConfiguration(path: url.path, reason: reason)
            }
            return result
        } catch let error as DecodingError {
            throw ModelError.badConfiguration(
                path: url.path, reason: "not the configuration of a model: \(short(error))")
        }
    }

    private var objection: String? {
        if formatVersion != 2 { return "formatVersion is \(formatVersion): expected 2" }
        if layers.isEmpty || layers.count > 1000 || !layers.allSatisfy((0...1000).contains)
            || zip(layers, layers.dropFirst()).contains(where: { $0 >= $1 })
        {
            return "layers is \(layers): expected ascending numbers"
        }
        if !(2...100_000).contains(labels.count) { return "\(labels.count) labels" }
        if !(1...65_536).contains(width) { return "width is \(width)" }
        if !(1...1_000_000).contains(maximumLength) { return "maximumLength is \(maximumLength)" }
        if let positiveLabel, !labels.indices.contains(positiveLabel) {
            return "positiveLabel is \(positiveLabel), there are \(labels.count) labels"
        }
        return nil
    }

    private static func short(_ error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, _): "the key '\(key.stringValue)' is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context),
            .dataCorrupted(let context):
            context.codingPath.map(\.stringValue).joined(separator: ".") + " "
                + context.debugDescription
        @unknown default: "it cannot be read"
        }
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
            "there is no export format '\(name)'; known are \(known.joined(separator: ", "))"
        }
    }
}
