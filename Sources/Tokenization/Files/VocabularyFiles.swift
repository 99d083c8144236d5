import Foundation
import Support

/// Readers of vocabulary files, which are not trusted.
enum VocabularyFiles {
    /// Size of the largest file that is read, in bytes.
    static let maximumBytes = 64 << 20

    static func bad(_ url: URL, _ reason: String) -> TokenizationError {
        .badConfiguration(path: url.path, reason: reason)
    }

    private static func open(_ url: URL) throws -> MappedFile {
        let file = try MappedFile(url)
        guard file.count <= maximumBytes else {
            throw bad(url, "\(file.count) bytes: expected at most \(maximumBytes)")
        }
        return file
    }

    /// A JSON file.
    static func json(_ url: URL) throws -> JSON {
        let file = try open(url)
        defer { withExtendedLifetime(file) {} }
        do {
            return try JSON(file.bytes)
        } catch {
            throw bad(url, "not valid JSON \(error)")
        }
    }

    /// The id of a special token.
    /// - Throws: ``TokenizationError/missingPiece(path:piece:)``.
    static func find(_ piece: String, in vocabulary: TokenTable, _ url: URL) throws -> Int32 {
        guard let id = vocabulary.find(piece) else {
            throw TokenizationError.missingPiece(path: url.path, piece: piece)
        }
        return id
    }

    /// Lines without their ends (`\n` or `\r\n`); the last needs no end.
    private static func forEachLine(
        _ url: URL, _ body: (Int, UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let file = try open(url)
        try file.withUnsafeBytes { bytes in
            var start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
            var number = 0
            while start < bytes.count {
                var end = start
                while end < bytes.count, bytes[end] != 0x0A { end += 1 }
                let stop = end > start && bytes[end - 1] == 0x0D ? end - 1 : end
                try body(number, UnsafeRawBufferPointer(rebasing: bytes[start..<stop]))
                number += 1
                start = end + 1
            }
        }
    }

    private static func insert(
        _ token: UnsafeRawBufferPointer, _ id: Int, into table: inout TokenTable, _ url: URL,
        _ place: String
    ) throws {
        guard (0...TokenTable.maximumID).contains(id) else {
            throw bad(url, "\(place): an id of \(id): expected 0 to \(TokenTable.maximumID)")
        }
        guard token.count <= TokenTable.maximumTokenBytes else {
            throw bad(
                url,
                "\(place): a token of \(token.count) bytes: expected at most "
                    + "\(TokenTable.maximumTokenBytes)")
        }
        table.insert(token, Int32(id))
    }

    /// `vocab.txt`: one token per line, whose id is the number of the line. Of equal lines the last
    /// counts.
    static func lines(_ url: URL) throws -> TokenTable {
        var table = TokenTable(capacity: 32_768)
        try forEachLine(url) { number, line in
            guard String(validating: line, as: UTF8.self) != nil else {
                throw bad(url, "line \(number + 1) is not valid UTF-8")
            }
            try insert(line, number, into: &table, url, "line \(number + 1)")
        }
        guard table.count > 0 else { throw bad(url, "the vocabulary is empty") }
        return table
    }

    /// An object from tokens to ids: `vocab.json`, or a part of `tokenizer.json`.
    static func object(_ json: JSON?, _ url: URL) throws -> TokenTable {
        guard case .object(let entries) = json, !entries.isEmpty else {
            throw bad(url, "expected a vocabulary, an object from tokens to ids")
        }
        var table = TokenTable(capacity: entries.count)
        for (key, value) in entries {
            let shown = key.prefix(40)
            guard let id = value.integer else {
                throw bad(url, "token '\(shown)': the id is not a whole number")
            }
            var key = key
            try key.withUTF8 {
                try insert(UnsafeRawBufferPointer($0), id, into: &table, url, "token '\(shown)'")
            }
        }
        return table
    }

    // MARK: Merges

    /// `merges.txt`: `left right` on each line, lowest rank first, after an optional `#version`
    /// line.
    static func merges(_ url: URL, _ vocabulary: TokenTable) throws -> BytePairMerges {
        var merges = BytePairMerges()
        var rank: Int32 = 0
        try forEachLine(url) { number, line in
            if line.isEmpty || line.starts(with: Array("#version".utf8)) { return }
            try merge(
                line, rank, into: &merges, vocabulary, url, "line \(number + 1)")
            rank += 1
        }
        return merges
    }

    /// Merges of `tokenizer.json`: `"left right"` or `["left", "right"]`.
    static func merges(
        _ json: JSON?, _ vocabulary: TokenTable, _ url: URL
    ) throws -> BytePairMerges {
        guard let list = json?.array else { throw bad(url, "expected a list of merges") }
        var merges = BytePairMerges()
        for (index, entry) in list.enumerated() {
            let pair = entry.array?.compactMap(\.string)
            guard let text = entry.string ?? (pair?.count == 2 ? pair?.joined(separator: " ") : nil)
            else { throw bad(url, "merge \(index): expected two tokens") }
            var line = text
            try line.withUTF8 {
                try merge(
                    UnsafeRawBufferPointer($0), Int32(clamping: index), into: &merges, vocabulary,
                    url, "merge \(index)")
            }
        }
        return merges
    }

    private static func merge(
        _ line: UnsafeRawBufferPointer, _ rank: Int32, into merges: inout BytePairMerges,
        _ vocabulary: TokenTable, _ url: URL, _ place: String
    ) throws {
        let parts = line.split(separator: 0x20, omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw bad(url, "\(place): expected two tokens") }
        func find(_ bytes: [UInt8]) throws -> Int32 {
            guard let id = bytes.withUnsafeBytes({ vocabulary.find($0) }) else {
                throw bad(
                    url,
                    "\(place): '\(String(decoding: bytes.prefix(80), as: UTF8.self))' is not in "
                        + "the vocabulary")
            }
            return id
        }
        let (left, right) = (Array(parts[0]), Array(parts[1]))
        merges.add(
            try find(left), try find(right), rank: rank, result: try find(left + right))
    }
}
