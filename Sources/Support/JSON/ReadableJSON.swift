import Foundation

extension JSONEncoder {
    /// An encoder for files that people read and compare: indented, keys sorted, slashes not
    /// escaped.
    public static var readable: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return encoder
    }

    /// On one line: equal values give equal bytes.
    public static var compact: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}

extension DecodingError {
    /// What is wrong, in words for a user: the path of keys, and what was expected there.
    public var reason: String {
        switch self {
        case .keyNotFound(let key, _): return "the key '\(key.stringValue)' is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context),
            .dataCorrupted(let context):
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            let problem = context.debugDescription
            return path.isEmpty ? problem : "'\(path)': \(problem)"
        @unknown default: return "it cannot be read"
        }
    }
}
