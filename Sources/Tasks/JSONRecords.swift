import Support

/// The records of a JSON file: its lines, or the elements of the one array that it is.
enum JSONRecords {
    case lines(LineScanner)
    case array(JSONArrayScanner)

    init(_ bytes: UnsafeRawBufferPointer, maximumBytes: Int) {
        let start = Bytes.afterMark(bytes)
        if let array = JSONArrayScanner.start(bytes, from: start) {
            self = .array(
                JSONArrayScanner(
                    bytes, from: array.position, line: array.line, maximumBytes: maximumBytes))
        } else {
            self = .lines(LineScanner(bytes, from: start, maximumBytes: maximumBytes))
        }
    }

    var isArray: Bool {
        if case .array = self { true } else { false }
    }

    mutating func next() -> Record? {
        switch self {
        case .lines(var scanner):
            defer { self = .lines(scanner) }
            return scanner.next()
        case .array(var scanner):
            defer { self = .array(scanner) }
            return scanner.next()
        }
    }

    /// Refuses a file that has objects over several lines, of which no line is a row.
    /// - Throws: ``TaskError/fileKind(path:found:advice:)``.
    func checkLines(_ bytes: UnsafeRawBufferPointer, path: String) throws {
        guard case .lines(var ahead) = self else { return }
        if let first = ahead.next(), ahead.next() != nil,
            bytes[Bytes.trim(first.range, in: bytes)].elementsEqual("{".utf8)
        {
            throw TaskError.fileKind(
                path: path, found: "JSON objects over several lines",
                advice: "one object a line: jq -c . \(ShellWord.quoted(path)); or, where the rows "
                    + "are under a key, jq -c '.KEY[]' \(ShellWord.quoted(path))")
        }
    }
}
