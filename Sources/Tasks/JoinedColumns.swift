import Yams

/// A text may be put together of several columns, as in WiC, where a word comes with a sentence.
extension TaskDefinition.Columns {
    /// What is between the texts of columns that are joined.
    static let joint = ": "

    /// The columns of the text, in order.
    public var textColumns: [String] { textLead + [text] }

    /// The columns of the second text, in order; none in a task of single texts.
    public var pairColumns: [String] { pair.map { pairLead + [$0] } ?? [] }

    /// - Parameter columns: one or more.
    mutating func setText(_ columns: [String]) {
        text = columns.last ?? text
        textLead = columns.dropLast()
    }

    /// - Parameter columns: one or more.
    mutating func setPair(_ columns: [String]) {
        pair = columns.last
        pairLead = columns.dropLast()
    }
}

extension YAMLMapping {
    /// One value, or a list of one or more; `nil` when the key is absent.
    /// - Parameter what: what a value is, for messages.
    func list(_ key: String, of what: String) throws -> [String]? {
        guard let node = self[key] else { return nil }
        let expected = "\(what) or a list of them"
        func text(_ node: Node) throws -> String {
            try Self.text(of: node, path: path, subject: full(key), expected: expected)
        }
        guard case .sequence(let items) = node else { return [try text(node)] }
        guard !items.isEmpty else {
            throw error(at: key, "`\(full(key))` must be \(expected), found an empty list")
        }
        let values = try items.map(text)
        guard Set(values).count == values.count else {
            throw error(at: key, "`\(full(key))` names one twice")
        }
        return values
    }
}
