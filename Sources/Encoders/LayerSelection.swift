import Support

/// Which of an encoder's hidden states a search may use.
///
/// As text: a number, a range `8-12`, a list `6,9,12`, `last`, `all`, `upper-third`, or `auto`, which is
/// the default of searches: which layers carry the most about a task's labels depends on the task
/// (Tenney et al. 2019), so a probe on a sample of the training rows decides.
public enum LayerSelection: Sendable, Hashable, CustomStringConvertible {
    /// All may be read until it is known which are worth keeping.
    case automatic
    case upperThird
    case last
    /// Every layer and the embeddings' output.
    case all
    /// Ascending, none twice; 0 is the embeddings' output.
    case numbers([Int])

    /// - Returns: `nil` if the text has none of these forms.
    public init?(_ text: String) {
        switch text {
        case "auto": self = .automatic
        case "upper-third": self = .upperThird
        case "last": self = .last
        case "all": self = .all
        default:
            var numbers: Set<Int> = []
            for part in text.split(separator: ",", omittingEmptySubsequences: false) {
                let ends = part.split(separator: "-", omittingEmptySubsequences: false).map {
                    $0.allSatisfy(\.isNumber) ? Int($0) : nil
                }
                guard (1...2).contains(ends.count), let first = ends[0],
                    let last = ends[ends.count - 1], first <= last, last <= 1000
                else { return nil }
                numbers.formUnion(first...last)
            }
            self = .numbers(numbers.sorted())
        }
    }

    /// The layers of an encoder, ascending.
    /// - Parameter count: the encoder's number of layers.
    /// - Throws: ``EncoderError/badLayer(layer:layers:)``.
    public func layers(of count: Int) throws -> [Int] {
        switch self {
        case .upperThird: return Array(count - (count + 2) / 3 + 1...count)
        case .last: return [count]
        case .all, .automatic: return Array(0...count)
        case .numbers(let numbers):
            if let bad = numbers.first(where: { $0 > count }) {
                throw EncoderError.badLayer(layer: bad, layers: count)
            }
            return numbers
        }
    }

    public var description: String {
        switch self {
        case .automatic: "auto"
        case .upperThird: "upper-third"
        case .last: "last"
        case .all: "all"
        case .numbers(let numbers): numbers.map(String.init).joined(separator: ",")
        }
    }
}
