import Foundation
import Logging
import Support

/// Writes each event as a line of JSON to standard error: `time`, `level`, `message`, and what
/// belongs to the event. Texts of requests are in no event.
public struct JSONLinesLog: LogHandler {
    public var logLevel: Logger.Level
    public var metadata: Logger.Metadata = [:]
    private let write: @Sendable (String) -> Void

    /// - Parameter write: takes each line, with its line end.
    public init(
        level: Logger.Level,
        write: @escaping @Sendable (String) -> Void = { StandardStreams.diagnose($0) }
    ) {
        logLevel = level
        self.write = write
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var fields: [String: Field] = [:]
        for (key, value) in metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 }) {
            fields[key] = Field(value)
        }
        if let error = event.error { fields["error"] = .text("\(error)") }
        fields["time"] = .text(Date().formatted(Self.style))
        fields["level"] = .text(event.level.rawValue)
        fields["message"] = .text(event.message.description)
        guard let line = try? JSONEncoder.compact.encode(fields) else { return }
        write(String(decoding: line, as: UTF8.self) + "\n")
    }

    private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    /// Numbers stay numbers.
    private enum Field: Encodable {
        case text(String)
        case integer(Int)
        case number(Double)

        init(_ value: Logger.Metadata.Value) {
            switch value {
            case .stringConvertible(let value as Int): self = .integer(value)
            case .stringConvertible(let value as Double) where value.isFinite:
                self = .number(value)
            default: self = .text("\(value)")
            }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .text(let value): try container.encode(value)
            case .integer(let value): try container.encode(value)
            case .number(let value): try container.encode(value)
            }
        }
    }
}
