import Graphs

/// What the code released with KNAS (Xu et al., ICML 2021) computes, which is not the mean of the Gram
/// matrix: 50 single-example gradients; of at most the first 11 parameter tensors with 50 entries or
/// more, the first 50 entries; for each entry the dot product of its gradients over examples 0 to
/// 24 with those over 25 to 49, each half centred by its own mean, divided by 2500; all summed.
public struct KNASReleased: Proxy {
    public let name = "knas-released"
    public let summary = "the score of the code released with KNAS (Xu et al. 2021)"

    static let examples = 50
    static let tensors = 11
    static let entries = 50

    public init() {}

    public func score(_ head: HeadEvaluation) throws -> Double {
        guard head.exampleCount >= Self.examples else {
            throw ScoringError.tooFewExamples(
                proxy: name, needed: Self.examples, found: head.exampleCount)
        }
        let ids = head.parameters.layout.trainable
            .filter { $0.parameter.count >= Self.entries }.prefix(Self.tensors).map(\.id)
        let gradients = head.leadingGradients(ids, entries: Self.entries)
        let stride = ids.count * Self.entries
        return Self.score { example, tensor, entry in
            gradients.pointer[example * stride + tensor * Self.entries + entry]
        } tensors: {
            ids.count
        }
    }

    /// The score of gradients given by example, tensor and entry.
    public static func score(
        _ gradient: (_ example: Int, _ tensor: Int, _ entry: Int) -> Float, tensors: () -> Int
    ) -> Double {
        let half = examples / 2
        var total = 0.0
        for tensor in 0..<tensors() {
            for entry in 0..<entries {
                let values = (0..<examples).map { Double(gradient($0, tensor, entry)) }
                // Each half is centred by its own mean.
                let first = values[..<half].reduce(0, +) / Double(half)
                let second = values[half...].reduce(0, +) / Double(half)
                var dot = 0.0
                for index in 0..<half {
                    dot += (values[index] - first) * (values[half + index] - second)
                }
                total += dot / Double(examples * examples)
            }
        }
        return total
    }
}
