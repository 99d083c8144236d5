/// The character between the fields of a row.
public struct Delimiter: Sendable, Hashable, CustomStringConvertible {
    /// An ASCII character.
    public let byte: UInt8

    private init(byte: UInt8) { self.byte = byte }

    /// `,`, the delimiter of CSV.
    public static let comma = Delimiter(byte: 0x2c)
    /// `;`, of CSV where numbers have a decimal comma.
    public static let semicolon = Delimiter(byte: 0x3b)
    /// The delimiter of TSV.
    public static let tab = Delimiter(byte: 0x09)
    /// `|`.
    public static let pipe = Delimiter(byte: 0x7c)

    private static let names: [(String, Delimiter)] = [
        ("comma", .comma), ("semicolon", .semicolon), ("tab", .tab), ("pipe", .pipe),
    ]

    /// What task files say: `;` or another ASCII character that is not a letter, a digit, a quote, a
    /// space or a line end; or `comma`, `semicolon`, `tab`, `pipe`.
    public init?(_ text: String) {
        if let named = Self.names.first(where: { $0.0 == text })?.1 {
            self = named
            return
        }
        let scalars = Array(text.unicodeScalars)
        guard scalars.count == 1, scalars[0].isASCII, !scalars[0].properties.isAlphabetic else {
            return nil
        }
        switch scalars[0] {
        case "\"", " ", "\n", "\r", "\0", "0"..."9": return nil
        default: byte = UInt8(scalars[0].value)
        }
    }

    /// A word for the usual ones, the character for others.
    public var description: String {
        Self.names.first { $0.1 == self }?.0 ?? String(Character(Unicode.Scalar(byte))).excerpt
    }
}

extension Delimiter {
    /// What a file may have where the task says nothing.
    private static let candidates: [Delimiter] = [.semicolon, .tab, .pipe]
    /// Rows that a guess without a header looks at.
    private static let sample = 20

    /// The delimiter of a CSV file: the comma, unless only another one gives the columns that the task
    /// reads.
    ///
    /// With a header, those are the columns named; without, rows must all have as many fields as the
    /// largest number asks for, or more, and each the same number.
    /// - Parameter position: where the rows begin.
    static func guess(
        _ bytes: UnsafeRawBufferPointer, from position: Int, _ definition: TaskDefinition,
        maximumBytes: Int
    ) -> Delimiter {
        let columns = definition.columns.names
        func fits(_ delimiter: Delimiter) -> Bool {
            var tokenizer = CSVTokenizer(
                bytes, from: position, maximumBytes: maximumBytes, delimiter: delimiter)
            var fields: [FieldRange] = []
            if definition.hasHeader {
                guard let record = tokenizer.next(&fields), record.problem == nil else {
                    return false
                }
                let header = fields.map { FieldText.text($0, in: bytes) }
                return columns.allSatisfy(header.contains)
            }
            let least = columns.compactMap { Int($0) }.max() ?? 1
            var counts: Set<Int> = []
            for _ in 0..<sample {
                guard let record = tokenizer.next(&fields) else { break }
                if record.problem == nil { counts.insert(fields.count) }
            }
            return counts.count == 1 && counts.allSatisfy { $0 >= least }
        }
        if fits(.comma) { return .comma }
        return candidates.first(where: fits) ?? .comma
    }

    /// Excel's `sep=;` before the header: the delimiter and where the rows begin.
    static func declared(
        in bytes: UnsafeRawBufferPointer, from position: Int
    ) -> (delimiter: Delimiter, next: Int)? {
        let head = Array("sep=".utf8)
        let line = position..<Bytes.endOfLine(position, in: bytes)
        guard line.count > head.count, line.count <= head.count + 2,
            bytes[line].prefix(head.count).elementsEqual(head)
        else { return nil }
        let rest = bytes[line].dropFirst(head.count).filter { $0 != Bytes.carriageReturn }
        guard rest.count == 1, let scalar = rest.first, scalar < 0x80,
            let delimiter = Delimiter(String(Character(Unicode.Scalar(scalar))))
        else { return nil }
        return (delimiter, min(bytes.count, line.upperBound + 1))
    }
}
