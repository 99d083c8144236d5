import Support

extension Collection<BadRow> {
    /// What may be behind bytes that are not UTF-8: a line for each file that has some.
    package var encodingHints: [String] {
        var files: [String] = []
        for row in self where row.isInvalidUTF8 && !files.contains(row.file) {
            files.append(row.file)
        }
        return files.map { BadRow.encodingHint(for: $0) }
    }
}

extension BadRow {
    fileprivate var isInvalidUTF8: Bool {
        if case .invalidUTF8 = reason { true } else { false }
    }

    /// How to make UTF-8 of a file that has another encoding.
    package static func encodingHint(for path: String) -> String {
        let file = ShellWord.quoted(path)
        return "If \(path) is Latin-1 or Windows-1252: "
            + "iconv -f WINDOWS-1252 -t UTF-8 \(file) > utf8 && mv utf8 \(file)"
    }
}
