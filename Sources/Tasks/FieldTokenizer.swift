/// Where a field of a record lies in the bytes of the file.
struct FieldRange {
    /// Without the quotes around it.
    var range: Range<Int>
    /// Whether the field has doubled quotes, each of which means a single one.
    var hasDoubledQuotes = false
}

/// A record as found, before its fields are interpreted.
struct Record {
    /// Line where it begins, from 1.
    var line: Int
    /// All its bytes, without the line end.
    var range: Range<Int>
    /// Why it could not be split into fields, and the index of the field where this was noticed.
    var problem: (field: Int?, reason: BadRow.Reason)?
}

/// Splits the bytes of a file into records and fields, skipping blank lines.
protocol FieldTokenizer {
    /// The delimiter that its format is named after.
    static var standard: Delimiter { get }

    /// - Parameter position: where to begin, after a byte-order mark.
    init(
        _ bytes: UnsafeRawBufferPointer, from position: Int, maximumBytes: Int, delimiter: Delimiter
    )

    /// The next record; its fields are put into `fields`. `nil` at the end of the file.
    mutating func next(_ fields: inout [FieldRange]) -> Record?
}

/// The physical lines of a file that are not blank: the records of TSV and JSON lines.
struct LineScanner {
    private let bytes: UnsafeRawBufferPointer
    private let maximumBytes: Int
    private var position: Int
    private var line = 1

    init(_ bytes: UnsafeRawBufferPointer, from position: Int, maximumBytes: Int) {
        self.bytes = bytes
        self.maximumBytes = maximumBytes
        self.position = position
    }

    /// The next line as a record, without CR and LF.
    mutating func next() -> Record? {
        while position < bytes.count {
            let start = position
            var end = Bytes.endOfLine(start, in: bytes)
            let number = line
            position = end + 1
            line += 1
            if end > start, bytes[end - 1] == Bytes.carriageReturn { end -= 1 }
            guard end > start else { continue }
            var record = Record(line: number, range: start..<end)
            if end - start > maximumBytes { record.problem = (nil, .tooLong(limit: maximumBytes)) }
            return record
        }
        return nil
    }
}

/// Tab-separated values as GLUE writes them, or with another delimiter: no quoting, no escapes.
struct TSVTokenizer: FieldTokenizer {
    static let standard = Delimiter.tab

    private let delimiter: UInt8
    private let bytes: UnsafeRawBufferPointer
    private var lines: LineScanner

    init(
        _ bytes: UnsafeRawBufferPointer, from position: Int, maximumBytes: Int,
        delimiter: Delimiter = .tab
    ) {
        self.bytes = bytes
        self.delimiter = delimiter.byte
        lines = LineScanner(bytes, from: position, maximumBytes: maximumBytes)
    }

    mutating func next(_ fields: inout [FieldRange]) -> Record? {
        fields.removeAll(keepingCapacity: true)
        guard let record = lines.next() else { return nil }
        guard record.problem == nil else { return record }
        var start = record.range.lowerBound
        let end = record.range.upperBound
        while let tab = Bytes.firstIndex(of: delimiter, in: bytes, start..<end) {
            fields.append(FieldRange(range: start..<tab))
            start = tab + 1
        }
        fields.append(FieldRange(range: start..<end))
        return record
    }
}
