import Support

/// One operation of a genotype, with its settings in the operation's order of choices.
public struct Gene: Hashable, Sendable {
    public let operation: String
    public let settings: Settings
    public let text: String

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
///
/// Where a search has several views (``HeadContext/view``), the name of the head's own comes first:
///
///     all-MiniLM-L6-v2/siamese: layer(of=5) > projection(width=128,...) > ...
public struct Genotype: Hashable, Sendable, CustomStringConvertible {
    public let genes: [Gene]
    /// The view that the head reads; `nil` where a search has only one.
    public let view: String?

    init(_ genes: [Gene], view: String?) {
        self.genes = genes
        self.view = view
    }

    /// The text form, with every choice spelled out.
    public var description: String {
        (view.map { "\($0): " } ?? "") + genes.map(\.text).joined(separator: " > ")
    }

    /// The same operations for another view.
    public func inView(_ view: String?) -> Genotype { Genotype(genes, view: view) }
}

/// Errors in the text of a genotype.
public enum GenotypeError: DiagnosedError, Equatable {
    case syntax(text: String, column: Int, expected: String)
    case unknownOperation(name: String, known: [String])
    case unknownChoice(operation: String, name: String, known: [String])
    case badValue(operation: String, choice: String, found: String, expected: [String])
    case misplaced(operation: String, reason: String)
    case nothingFor(slot: String, possible: [String])
    /// A view that the search does not have; it has a single one without a name where none is known.
    case unknownView(name: String, known: [String])
    /// The text does not say which of several views the head reads.
    case missingView(known: [String])

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
        case .unknownView(let name, let known):
            "head: there is no view '\(name)'; "
                + (known.isEmpty
                    ? "with one encoder and pairing a head's text has no view"
                    : "known views: \(known.joined(separator: ", "))"
                        + suggestion(for: name, in: known))
        case .missingView(let known):
            "head: it does not say which view it reads: begin its text with one of "
                + known.map { "'\($0):'" }.joined(separator: ", ")
        }
    }
}
