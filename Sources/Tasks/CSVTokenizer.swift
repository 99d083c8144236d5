/// Comma-separated values as in RFC 4180, with any delimiter, strictly: a field is quoted as a whole or not at all, and
/// a quote inside a quoted field is doubled.
///
/// After a record with a stray or unterminated quote, or one that is too long, reading continues
/// with the physical line after the one where the record began: a wrong quote costs one row rather
/// than the rest of the file.
struct CSVTokenizer: FieldTokenizer {
    static let standard = Delimiter.comma
    private static let quote = UInt8(ascii: "\"")

    private let bytes: UnsafeRawBufferPointer
    private let maximumBytes: Int
    private let delimiter: UInt8
    private var position: Int
    /// Line of `position`, from 1.
    private var line = 1

    // The record being read.
    private var recordStart = 0
    private var recordLine = 1

    init(
        _ bytes: UnsafeRawBufferPointer, from position: Int, maximumBytes: Int,
        delimiter: Delimiter = .comma
    ) {
        self.bytes = bytes
        self.maximumBytes = maximumBytes
        self.delimiter = delimiter.byte
        self.position = position
    }

    mutating func next(_ fields: inout [FieldRange]) -> Record? {
        fields.removeAll(keepingCapacity: true)
        skipBlankLines()
        guard position < bytes.count else { return nil }
        recordStart = position
        recordLine = line
        while true {
            let isQuoted = position < bytes.count && bytes[position] == Self.quote
            if let reason = isQuoted ? readQuoted(&fields) : readPlain(&fields) {
                return fail(reason, field: fields.count)
            }
            // Now at a delimiter, at a line end or at the end of the file.
            if position < bytes.count, bytes[position] == delimiter {
                position += 1
                continue
            }
            var end = position
            if end < bytes.count, bytes[end] == Bytes.carriageReturn { position += 1 }
            if position < bytes.count { position += 1 }
            line += 1
            end = min(end, bytes.count)
            guard end - recordStart <= maximumBytes else {
                return fail(.tooLong(limit: maximumBytes), field: nil)
            }
            return Record(line: recordLine, range: recordStart..<end)
        }
    }

    private mutating func skipBlankLines() {
        while position < bytes.count {
            let end = lineEnd(at: position)
            guard end > 0 else { return }
            position += end
            line += 1
        }
    }

    /// Bytes of the line end at `index`: LF, CR LF, or CR before the end of the file; 0 if none.
    private func lineEnd(at index: Int) -> Int {
        if bytes[index] == Bytes.newline { return 1 }
        guard bytes[index] == Bytes.carriageReturn else { return 0 }
        if index + 1 == bytes.count { return 1 }
        return bytes[index + 1] == Bytes.newline ? 2 : 0
    }

    private mutating func readPlain(_ fields: inout [FieldRange]) -> BadRow.Reason? {
        let start = position
        while position < bytes.count {
            let byte = bytes[position]
            if byte == delimiter || byte == Bytes.newline { break }
            if byte == Bytes.carriageReturn, lineEnd(at: position) > 0 { break }
            if byte == Self.quote {
                let place = place(of: position)
                return .strayQuote(line: place.line, byte: place.byte)
            }
            position += 1
            if position - recordStart > maximumBytes { return .tooLong(limit: maximumBytes) }
        }
        fields.append(FieldRange(range: start..<position))
        return nil
    }

    private mutating func readQuoted(_ fields: inout [FieldRange]) -> BadRow.Reason? {
        let opening = position
        let openingLine = line
        var field = FieldRange(range: 0..<0)
        position += 1
        while position < bytes.count {
            let byte = bytes[position]
            if byte == Bytes.newline { line += 1 }
            if position - recordStart > maximumBytes { return .tooLong(limit: maximumBytes) }
            guard byte == Self.quote else {
                position += 1
                continue
            }
            if position + 1 < bytes.count, bytes[position + 1] == Self.quote {
                field.hasDoubledQuotes = true
                position += 2
                continue
            }
            field.range = opening + 1..<position
            position += 1
            let isClosed =
                position == bytes.count || bytes[position] == delimiter
                || lineEnd(at: position) > 0
            guard isClosed else {
                let place = place(of: position - 1)
                return .strayQuote(line: place.line, byte: place.byte)
            }
            fields.append(field)
            return nil
        }
        return .unterminatedQuote(line: openingLine, byte: place(of: opening).byte)
    }

    private func place(of offset: Int) -> (line: Int, byte: Int) {
        Bytes.lineAndByte(of: offset, in: bytes, from: recordStart, line: recordLine)
    }

    /// The record is bad; continues with the physical line after the one where it began.
    private mutating func fail(_ reason: BadRow.Reason, field: Int?) -> Record {
        var end = Bytes.endOfLine(recordStart, in: bytes)
        position = min(end + 1, bytes.count)
        line = recordLine + 1
        if end > recordStart, bytes[end - 1] == Bytes.carriageReturn { end -= 1 }
        var record = Record(line: recordLine, range: recordStart..<end)
        if case .tooLong = reason {
            record.problem = (nil, reason)
        } else {
            record.problem = (field, reason)
        }
        return record
    }
}
