import Encoders
import Foundation
import Support

/// What to export.
public struct ExportOptions: Sendable, Hashable {
    /// Whether to leave the encoders out; formats that only hold heads always do.
    public var headOnly: Bool

    public init(headOnly: Bool = false) {
        self.headOnly = headOnly
    }
}

/// Writes a model in a format that other programs read.
///
/// To add one, write a type in its own file and list it in ``Exporters/all``; the command line's
/// values of `--format` and its help follow.
public protocol Exporter: Sendable {
    /// Its name on the command line.
    var name: String { get }
    /// What the file holds, in a few words.
    var summary: String { get }
    /// Writes one file, which appears whole or not at all.
    ///
    /// - Parameters:
    ///   - model: the heads and their configuration.
    ///   - encoders: opens for each view the encoder that makes it; called only where they are needed.
    ///   - url: the file to write.
    /// - Throws: ``FileError``, ``ModelError``, ``ExportError``, and what opening the encoder throws.
    func export(
        _ model: Model, encoders: () throws -> [Encoder], options: ExportOptions, to url: URL)
        throws
}

/// The formats that this program writes; one line each.
public enum Exporters {
    public static let all: [any Exporter] = [
        SafetensorsExporter(),
        ONNXExporter(),
    ]

    /// The names and what they mean, for help texts.
    public static var help: String {
        all.map { "\($0.name) (\($0.summary))" }.joined(separator: " or ")
    }

    /// - Throws: ``ModelError/unknownFormat(name:known:)``.
    public static func find(_ name: String) throws -> any Exporter {
        guard let exporter = all.first(where: { $0.name == name }) else {
            throw ModelError.unknownFormat(name: name, known: all.map(\.name))
        }
        return exporter
    }
}

/// Errors of exporting.
public enum ExportError: DiagnosedError, Equatable {
    /// A file of this format cannot be this large.
    case tooLarge(path: String, bytes: Int, limit: Int)

    public var kind: ErrorKind { .badInput }

    public var description: String {
        switch self {
        case .tooLarge(let path, let bytes, let limit):
            "\(path): the weights take \(bytes) bytes, an ONNX file holds at most \(limit); export "
                + "the head alone (--head-only) or use a smaller encoder"
        }
    }
}
