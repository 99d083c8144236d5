import Support

/// One operation of a genotype, with its settings in the operation's order of choices.
public struct Gene: Hashable, Sendable {
    public let operation: String
    public let settings: Settings
    let text: String

    init(_ operation: any Operation, _ settings: Settings) {
        let canonical = operation.canonical(settings)
        self.operation = operation.name
        self.settings = canonical
        let list = operation.choices.map { "\($0.name)=\(canonical[$0.name])" }
        text = list.isEmpty ? operation.name : "\(operation.name)(\(list.joined(separator: ",")))"
    }

    public static func == (a: Gene, b: Gene) -> Bool { a.text == b.text }
    public func hash(into hasher: inout Hasher) { hasher.combine(text) }
}

/// A head's architecture: which operations, in which order, with which settings.
///
/// Canonical: every choice that does not change the graph has one fixed value, so two spellings of
/// one head are equal. The text form, which `--head` accepts, lists the operations in the order of
/// the data:
///
///     projection(width=128,...) > self-attention(heads=4,...) > pool-mean > pair(kind=all) > classifier(...)
public struct Genotype: Hashable, Sendable, CustomStringConvertible {
    public let genes: [Gene]

    init(_ genes: [Gene]) { self.genes = genes }

    /// The text form, with every choice spelled out.
    public var description: String { genes.map(\.text).joined(separator: " > ") }
}

/// Errors in the text of a genotype.
public enum GenotypeError: DiagnosedError, Equatable {
    case syntax(text: String, column: Int, expected: String)
    case unknownOperation(name: String, known: [String])
    case unknownChoice(operation: String, name: String, known: [String])
    case badValue(operation: String, choice: String, found: String, expected: [String])
    case misplaced(operation: String, reason: String)
    case nothingFor(slot: String, possible: [String])

    public var kind: ErrorKind { .usage }

    public var description: String {
        switch self {
        case .syntax(let text, let column, let expected):
            "head: column \(column) of '\(text)': expected \(expected)"
        case .unknownOperation(let name, let known):
            "head: there is no operation '\(name)'; known operations: \(known.joined(separator: ", "))"
                + suggestion(for: name, in: known)
        case .nothingFor(let slot, let possible):
            "no operation is left for a head's \(slot): allow one of "
                + possible.joined(separator: ", ")
        case .unknownChoice(let operation, let name, let known):
            "head: \(operation) has no choice '\(name)'; it has "
                + (known.isEmpty ? "none" : known.joined(separator: ", "))
        case .badValue(let operation, let choice, let found, let expected):
            "head: \(operation): \(choice)=\(found): expected one of "
                + expected.joined(separator: ", ")
        case .misplaced(let operation, let reason):
            "head: \(operation): \(reason)"
        }
    }
}
