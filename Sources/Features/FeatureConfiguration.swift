import Encoders
import Foundation
import Support
import Tasks

/// What determines the features of a list of examples, besides the encoder.
public struct FeatureConfiguration: Sendable, Hashable {
    /// The encoder's hidden states to take, each with its own cache entry; 0 is the embeddings'
    /// output, `nil` the last layer.
    public var layers: [Int]?
    /// Whether the texts of a pair are encoded as one sequence or separately.
    public var pairing: Pairing
    /// Longest sequence in tokens.
    public var maximumLength: Int

    public init(layers: [Int]? = nil, pairing: Pairing = .siamese, maximumLength: Int = 128) {
        self.layers = layers
        self.pairing = pairing
        self.maximumLength = maximumLength
    }

    /// Sequences per example.
    public func segments(hasPairs: Bool) -> Int { hasPairs && pairing == .siamese ? 2 : 1 }
}

/// The texts of some examples as token sequences to encode, each distinct one once.
struct SequenceList {
    /// A text, or a pair that is encoded as one sequence.
    struct Source: Hashable {
        let text: String
        let pair: String?
    }

    private(set) var unique: [Source] = []
    /// For each example, segment by segment, the index in `unique`.
    private(set) var places: [Int32] = []
    let segments: Int

    init(_ examples: [Example], _ configuration: FeatureConfiguration) {
        segments = configuration.segments(hasPairs: examples.contains { $0.pair != nil })
        var known: [Source: Int32] = [:]
        for example in examples {
            let sources =
                segments == 2
                ? [
                    Source(text: example.text, pair: nil),
                    Source(text: example.pair ?? "", pair: nil),
                ]
                : [Source(text: example.text, pair: example.pair)]
            for source in sources {
                if let place = known[source] {
                    places.append(place)
                } else {
                    let place = Int32(unique.count)
                    known[source] = place
                    unique.append(source)
                    places.append(place)
                }
            }
        }
    }

    /// Determines the features, whatever else is in the task.
    func digest(_ encoder: Encoder, layer: Int, maximumLength: Int) -> String {
        var builder = DigestBuilder()
        builder.add("features 1")
        builder.add(encoder.digest)
        builder.add("\(layer) \(maximumLength) \(segments)")
        if encoder.precision != .float32 { builder.add("in \(encoder.precision.rawValue)") }
        for source in unique {
            builder.add(source.text)
            builder.add(source.pair.map { "pair " + $0 } ?? "single")
        }
        return builder.hexadecimal()
    }
}

/// Errors of the feature cache.
public enum FeatureError: DiagnosedError, Equatable {
    case damaged(path: String, reason: String)
    /// A part belongs to features other than those it was to be merged into.
    case foreignPart(path: String, field: String, expected: String, found: String)
    case damagedPart(path: String, reason: String)
    /// Needed blocks that no part has; counted from 0.
    case incomplete(missing: [Int], blocks: Int)
    case nonFinite(text: String)

    public var kind: ErrorKind {
        switch self {
        case .damaged, .foreignPart, .damagedPart, .nonFinite: .badInput
        case .incomplete: .missingFile
        }
    }

    public var description: String {
        switch self {
        case .damaged(let path, let reason): "\(path): damaged feature cache entry: \(reason)"
        case .foreignPart(let path, let field, let expected, let found):
            "\(path) belongs to other features: its \(field) is \(found), expected \(expected)"
        case .damagedPart(let path, let reason):
            "\(path) is not a complete feature part: \(reason)"
        case .incomplete(let missing, let blocks):
            "the parts lack \(missing.count) of \(blocks) blocks of the encoder's pass: "
                + missing.prefix(8).map { "\($0 + 1)" }.joined(separator: ", ")
                + (missing.count > 8 ? ", ..." : "")
                + "; block B is in shard (B - 1) % N + 1 of N"
        case .nonFinite(let text):
            "the encoder gives non-finite values for '\(text)'; its weights are damaged"
        }
    }
}
