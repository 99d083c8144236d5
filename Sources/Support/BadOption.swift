/// An option of the user that is out of its range.
public struct BadOption: DiagnosedError, Equatable {
    /// What was chosen, as the user knows it: a flag, or words such as "the number of candidates".
    public let name: String
    /// What was found.
    public let value: String
    /// What would have been accepted.
    public let expected: String

    public init(name: String, value: Any, expected: String) {
        self.name = name
        self.value = "\(value)"
        self.expected = expected
    }

    public var kind: ErrorKind { .usage }

    public var description: String { "\(name) is \(value): expected \(expected)" }
}

/// Checks an option of the user.
/// - Throws: ``BadOption`` when `condition` does not hold.
public func require(
    _ condition: Bool, _ name: String, _ value: Any, _ expected: String
) throws {
    guard condition else { throw BadOption(name: name, value: value, expected: expected) }
}
