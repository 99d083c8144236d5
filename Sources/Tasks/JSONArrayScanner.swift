/// The elements of a file that is one JSON array, each a record.
///
/// Elements are told apart by brackets, quotes and commas alone: one that is not valid JSON costs one
/// row and not the rest of the file.
struct JSONArrayScanner {
    private let bytes: UnsafeRawBufferPointer
    private let maximumBytes: Int
    private var position: Int
    private var line: Int
    private var isFirst = true
    private var isDone = false

    /// - Parameter position: that of the opening bracket, in line `line`.
    init(_ bytes: UnsafeRawBufferPointer, from position: Int, line: Int, maximumBytes: Int) {
        self.bytes = bytes
        self.maximumBytes = maximumBytes
        self.position = position + 1
        self.line = line
    }

    /// Where a file has an array: the place and the line of its bracket; `nil` where it begins with
    /// something else.
    static func start(
        _ bytes: UnsafeRawBufferPointer, from position: Int
    ) -> (position: Int, line: Int)? {
        var line = 1
        var position = position
        while position < bytes.count, Bytes.isSpace(bytes[position]) {
            if bytes[position] == Bytes.newline { line += 1 }
            position += 1
        }
        guard position < bytes.count, bytes[position] == UInt8(ascii: "[") else { return nil }
        return (position, line)
    }

    /// The next element, without white space around it.
    mutating func next() -> Record? {
        skipSpace()
        guard !isDone else { return trailing() }
        guard position < bytes.count else {
            isDone = true
            return fault("the array that begins the file is never closed")
        }
        if bytes[position] == UInt8(ascii: "]") {
            let isEmpty = isFirst
            let record = isEmpty ? nil : fault("a comma before the end of the array")
            position += 1
            isDone = true
            return record ?? next()
        }
        let record = element()
        isFirst = false
        return record
    }

    /// Reads an element and the comma or bracket after it.
    private mutating func element() -> Record {
        let start = position
        let firstLine = line
        var end = start
        var depth = 0
        var isQuoted = false
        scan: while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case Bytes.newline: line += 1
            case UInt8(ascii: "\\") where isQuoted && position + 1 < bytes.count:
                // What follows is part of the string, a quote too; a line feed must be counted.
                if bytes[position + 1] != Bytes.newline { position += 1 }
            case UInt8(ascii: "\""): isQuoted.toggle()
            case _ where isQuoted: break
            case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "]") where depth == 0, UInt8(ascii: ",") where depth == 0: break scan
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth = max(0, depth - 1)
            default: break
            }
            if !Bytes.isSpace(byte) { end = position + 1 }
            position += 1
        }
        end = min(end, bytes.count)
        var record = Record(line: firstLine, range: start..<max(start, end))
        if record.range.isEmpty {
            record.problem = (nil, .invalidJSON(problem: "expected a value before the comma"))
        } else if record.range.count > maximumBytes {
            record.problem = (nil, .tooLong(limit: maximumBytes))
        }
        if position < bytes.count {
            // An element may follow a comma only.
            if bytes[position] == UInt8(ascii: ",") { position += 1 } else { closeAfterElement() }
        } else if depth > 0 || isQuoted {
            // The element says that it is not closed; once is enough.
            isDone = true
        }
        return record
    }

    private mutating func closeAfterElement() {
        position += 1
        isDone = true
    }

    /// What follows the array is reported once.
    private mutating func trailing() -> Record? {
        guard position < bytes.count else { return nil }
        let record = fault("expected the end after the array, found more text")
        position = bytes.count
        return record
    }

    private func fault(_ problem: String) -> Record {
        var record = Record(line: line, range: position..<position)
        record.problem = (nil, .invalidJSON(problem: problem))
        return record
    }

    private mutating func skipSpace() {
        while position < bytes.count, Bytes.isSpace(bytes[position]) {
            if bytes[position] == Bytes.newline { line += 1 }
            position += 1
        }
    }
}
