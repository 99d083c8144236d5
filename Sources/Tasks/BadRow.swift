/// A row of a data file that cannot become an example, and why.
public struct BadRow: Sendable, Hashable, CustomStringConvertible, Encodable {
    /// A column of a data file.
    public struct Column: Sendable, Hashable, CustomStringConvertible {
        /// From 1; `nil` for the keys of a JSON object.
        public var number: Int?
        /// As in the header; `nil` when there is none.
        public var name: String?

        /// A column by its number (from 1), its name, or both.
        public init(number: Int?, name: String?) {
            self.number = number
            self.name = name
        }

        public var description: String {
            switch (number, name) {
            case (let number?, let name?): "column \(number) (`\(name.excerpt)`)"
            case (let number?, nil): "column \(number)"
            case (nil, let name?): "key `\(name.excerpt)`"
            case (nil, nil): "column"
            }
        }
    }

    /// What is wrong with the row.
    public enum Reason: Sendable, Hashable {
        /// Fewer fields than the header, or the first row, has.
        case tooFewColumns(expected: Int, found: Int)
        /// More fields than the header, or the first row, has.
        case tooManyColumns(expected: Int, found: Int)
        /// Nothing but white space where a text is expected.
        case emptyText
        /// Nothing but white space where the label is expected.
        case emptyLabel
        /// `known` are the classes of the task.
        case unknownLabel(found: String, known: [String], suggestion: String?)
        /// `line` and `byte` of the first wrong byte, both from 1.
        case invalidUTF8(line: Int, byte: Int)
        /// Half of a pair of UTF-16, which is no character; `line` and `byte` in UTF-8, both from 1.
        case loneSurrogate(line: Int, byte: Int)
        /// `line` and `byte` of the NUL, both from 1; `nil` when it came from an escape of JSON.
        case nulCharacter(line: Int?, byte: Int?)
        /// Longer than `limit` bytes.
        case tooLong(limit: Int)
        /// A quote inside an unquoted field, or text after the closing quote of a quoted one.
        case strayQuote(line: Int, byte: Int)
        /// A quoted field that the file never closes; `line` and `byte` of the opening quote.
        case unterminatedQuote(line: Int, byte: Int)
        /// The line is not JSON; `problem` is the parser's account of it.
        case invalidJSON(problem: String)
        /// The line is JSON, but not an object.
        case notAnObject
        /// The object lacks the key; `suggestion` is the closest of the keys it has, `found`.
        case missingKey(suggestion: String?, found: [String])
        /// A list of labels in brackets that is not a JSON list of texts.
        case badLabelList(found: String)
        /// Not a finite number of a size that can be computed with.
        case notANumber(found: String)
        /// The value of the key has a type that cannot be used.
        case wrongType(expected: String, found: String)
    }

    /// The split that was being read.
    public var split: Split
    /// Path of the file.
    public var file: String
    /// Line where the row begins, from 1, counted in line feeds.
    public var line: Int
    /// `nil` when the row as a whole is wrong.
    public var column: Column?
    /// What is wrong.
    public var reason: Reason

    /// `FILE:LINE: COLUMN: REASON`.
    public var description: String {
        "\(file):\(line): " + (column.map { "\($0): " } ?? "") + "\(reason)"
    }

    private enum CodingKeys: String, CodingKey {
        case split, file, line, column, columnName, reason
    }

    /// `{"split", "file", "line", "column": number, "columnName", "reason": text}`
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(split, forKey: .split)
        try container.encode(file, forKey: .file)
        try container.encode(line, forKey: .line)
        try container.encodeIfPresent(column?.number, forKey: .column)
        try container.encodeIfPresent(column?.name, forKey: .columnName)
        try container.encode(reason.description, forKey: .reason)
    }
}

extension BadRow.Reason: CustomStringConvertible {
    public var description: String {
        switch self {
        case .tooFewColumns(let expected, let found):
            return "too few columns: expected \(expected), found \(found)"
        case .tooManyColumns(let expected, let found):
            return "too many columns: expected \(expected), found \(found)"
        case .emptyText: return "the text is empty"
        case .emptyLabel: return "the label is empty"
        case .unknownLabel(let found, let known, let suggestion):
            let shown = known.prefix(12).map { "`\($0.excerpt)`" }.joined(separator: ", ")
            let more = known.count > 12 ? " and \(known.count - 12) more" : ""
            let hint = suggestion.map { "; did you mean `\($0.excerpt)`?" } ?? ""
            return "unknown label `\(found)`: expected one of \(shown)\(more)\(hint)"
        case .invalidUTF8(let line, let byte):
            return "not valid UTF-8 at byte \(byte) of line \(line)"
        case .loneSurrogate(let line, let byte):
            return "a lone surrogate at byte \(byte) of line \(line)"
        case .nulCharacter(let line?, let byte?):
            return "a NUL character at byte \(byte) of line \(line)"
        case .nulCharacter: return "a NUL character"
        case .tooLong(let limit): return "longer than the limit of \(limit) bytes"
        case .strayQuote(let line, let byte):
            return "stray quote at byte \(byte) of line \(line): a field is quoted as a whole, "
                + "and a quote in it is doubled"
        case .unterminatedQuote(let line, let byte):
            return "the quote that opens at byte \(byte) of line \(line) is never closed"
        case .invalidJSON(let problem): return "not valid JSON: \(problem)"
        case .notAnObject: return "expected a JSON object"
        case .missingKey(let suggestion, let found):
            if let suggestion { return "missing; did you mean `\(suggestion.excerpt)`?" }
            let shown = found.prefix(12).map { "`\($0.excerpt)`" }.joined(separator: ", ")
            let more = found.count > 12 ? " and more" : ""
            return "missing; there " + (found.isEmpty ? "are no keys" : "is \(shown)\(more)")
        case .badLabelList(let found):
            return "expected a JSON list of labels such as [\"a\", \"b\"], found `\(found)`"
        case .notANumber(let found):
            let hint =
                found.contains(",")
                ? "; a decimal point is written `.`, thousands are not marked" : ""
            return "expected a number from -1e30 to 1e30, found `\(found)`\(hint)"
        case .wrongType(let expected, let found):
            return "expected \(expected), found \(found)"
        }
    }
}
