/// Whether the first line of a table names its columns.
enum HeaderGuess {
    /// Names are known words, or different from what is below them: a word over numbers, a value that no
    /// row has where few values recur, a word over sentences.
    ///
    /// - Parameter columns: what is below the first line.
    static func isHeader(_ first: [String], over columns: [ColumnProfile]) -> Bool {
        let names = first.map(ColumnName.init)
        let known = names.count(where: \.isKnown)
        // Two known names are no chance, even where the header is repeated further down.
        if known >= 2 { return true }
        // Spreadsheets leave columns at the end with nothing in them.
        let used = zip(first, columns).filter { !$0.0.isBlank || $0.1.filled > 0 }
        let filled = used.map(\.0).filter { !$0.isBlank }
        guard Set(filled).count == filled.count, filled.count * 2 >= used.count,
            filled.allSatisfy({ $0.unicodeScalars.count <= 60 })
        else { return false }
        let pairs = used.filter { !$0.0.isBlank && $0.1.filled > 0 }
        // A class that the first line has and others too.
        if pairs.contains(where: { $0.1.recurs && $0.1.has($0.0) }) { return false }
        if known == 1 { return true }
        if pairs.contains(where: { $0.1.isNumeric && !CellShape($0.0).isNumber }) { return true }
        // No row has the value, and those that there are all recur.
        let recurring = pairs.filter { $0.1.recurs && !$0.1.isNumeric }
        if recurring.contains(where: { $0.1.counts.values.allSatisfy { $0 > 1 } }) { return true }
        // A word or two over sentences.
        return pairs.contains {
            $0.1.meanWords >= 5 && $0.0.split(whereSeparator: \.isWhitespace).count <= 2
        } && !recurring.isEmpty
    }
}
