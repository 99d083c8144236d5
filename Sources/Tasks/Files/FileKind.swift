import Foundation
import Support

/// A kind of file that is not text, known by its first bytes, and how to make text of it.
struct FileKind: Sendable {
    /// What it is, with its article.
    let name: String
    /// What the user can do; `{}` stands for the path, quoted for a shell, `{stem}` for it without
    /// its extension.
    let advice: String

    private struct Mark: Sendable {
        let offset: Int
        let bytes: [UInt8]
        let kind: FileKind

        init(_ bytes: [UInt8], at offset: Int = 0, _ name: String, _ advice: String) {
            self.offset = offset
            self.bytes = bytes
            kind = FileKind(name: name, advice: advice)
        }

        init(_ text: String, at offset: Int = 0, _ name: String, _ advice: String) {
            self.init(Array(text.utf8), at: offset, name, advice)
        }
    }

    private static let workbook = "save the sheet as CSV UTF-8"
    private static let pandas = "'{}').to_json('{stem}.jsonl', orient='records', lines=True)\""

    private static let marks: [Mark] = [
        Mark(
            "ARROW1\0\0", "an Arrow file",
            "python3 -c \"import pandas; pandas.read_feather(" + pandas),
        Mark([0x28, 0xb5, 0x2f, 0xfd], "a Zstandard file", "zstd -d {}"),
        Mark([0x31, 0x41, 0x59, 0x26, 0x53, 0x59], at: 4, "a bzip2 file", "bunzip2 -k {}"),
        Mark([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], "an xz file", "unxz -k {}"),
        Mark([0x04, 0x22, 0x4d, 0x18], "an LZ4 file", "lz4 -d {}"),
        Mark([0x1f, 0x9d], "a compress file", "uncompress {}"),
        Mark([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], "a 7-Zip archive", "7z e {}"),
        Mark([0x52, 0x61, 0x72, 0x21, 0x1a, 7], "a RAR archive", "unrar e {}"),
        Mark("ustar", at: 257, "a tar archive", "tar -xf {}"),
        Mark(
            [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1], "an old Excel workbook (xls)",
            workbook),
        Mark("SQLite format 3\0", "an SQLite database", "sqlite3 -header -csv {} 'SELECT ...'"),
        Mark([0x89, 0x48, 0x44, 0x46], "an HDF5 file", "write it as CSV or JSON lines"),
        Mark([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59], "a NumPy array", "write it as CSV"),
        Mark("Obj\u{1}", "an Avro file", "write it as JSON lines"),
        Mark("%PDF-", "a PDF", "write its texts to a CSV file"),
        Mark(
            "version https://git-lfs.github.com/spec/", "a pointer of Git LFS, not the data",
            "git lfs pull"),
        Mark(
            [0xff, 0xfe, 0, 0], "UTF-32 text", "iconv -f UTF-32 -t UTF-8 {} > {stem}-utf8"),
        Mark(
            [0, 0, 0xfe, 0xff], "UTF-32 text", "iconv -f UTF-32 -t UTF-8 {} > {stem}-utf8"),
    ]

    /// - Returns: `nil` for what may be text.
    static func of(_ bytes: UnsafeRawBufferPointer) -> FileKind? {
        for mark in marks where bytes.count >= mark.offset + mark.bytes.count {
            let found = bytes[mark.offset..<mark.offset + mark.bytes.count]
            if found.elementsEqual(mark.bytes) { return mark.kind }
        }
        // Their mark is a word that a header may begin with, but a file seldom ends with.
        let parquet = Array("PAR1".utf8)
        if bytes.count >= 8, bytes.starts(with: parquet), bytes.suffix(4).elementsEqual(parquet) {
            return FileKind(
                name: "a Parquet file",
                advice: "python3 -c \"import pandas; pandas.read_parquet(" + pandas)
        }
        return archive(bytes) ?? webPage(bytes) ?? unmarkedUTF16(bytes)
    }

    /// Zip, and the office formats that are zip archives.
    private static func archive(_ bytes: UnsafeRawBufferPointer) -> FileKind? {
        let starts: [[UInt8]] = [[0x50, 0x4b, 3, 4], [0x50, 0x4b, 5, 6], [0x50, 0x4b, 7, 8]]
        guard starts.contains(where: { bytes.starts(with: $0) }) else { return nil }
        let head = UnsafeRawBufferPointer(rebasing: bytes.prefix(4_096))
        let tail = UnsafeRawBufferPointer(rebasing: bytes.suffix(65_536))
        func has(_ text: String) -> Bool {
            let word = Array(text.utf8)
            return [head, tail].contains { part in
                part.indices.contains { part[$0] == word[0] && part[$0...].starts(with: word) }
            }
        }
        if has("xl/") { return FileKind(name: "an Excel workbook (xlsx)", advice: workbook) }
        if has("opendocument.spreadsheet") {
            return FileKind(name: "an OpenDocument spreadsheet (ods)", advice: workbook)
        }
        if has("word/") {
            return FileKind(name: "a Word document", advice: "save it as plain text")
        }
        return FileKind(name: "a zip archive", advice: "unzip {}")
    }

    /// What a download leaves where a page to log in, or an error, came in place of the file.
    private static func webPage(_ bytes: UnsafeRawBufferPointer) -> FileKind? {
        let head = Bytes.text(0..<min(bytes.count, 64), in: bytes).lowercased()
            .drop { $0.isWhitespace || $0 == "\u{feff}" }
        guard ["<!doctype html", "<html"].contains(where: { head.hasPrefix($0) }) else {
            return nil
        }
        return FileKind(name: "a web page", advice: "was the download a page with a message?")
    }

    /// UTF-16 without a byte-order mark: of ASCII texts every other byte is zero.
    private static func unmarkedUTF16(_ bytes: UnsafeRawBufferPointer) -> FileKind? {
        let head = bytes.prefix(512)
        guard head.count >= 8, UTF16Text.order(bytes) == nil else { return nil }
        let zeros = (0..<2).map { parity in
            head.enumerated().count { $0.offset % 2 == parity && $0.element == 0 }
        }
        let half = head.count / 2
        for (parity, name) in [(1, "UTF-16LE"), (0, "UTF-16BE")]
        where zeros[parity] * 10 >= half * 9 && zeros[1 - parity] * 10 <= half {
            return FileKind(
                name: "\(name) text without a byte-order mark",
                advice: "iconv -f \(name) -t UTF-8 {} > {stem}-utf8")
        }
        return nil
    }

    /// The advice for a file.
    func advice(for path: String) -> String {
        let stem = (path as NSString).deletingPathExtension
        return advice.replacingOccurrences(of: "'{}'", with: "'\(path)'")
            .replacingOccurrences(of: "{}", with: ShellWord.quoted(path))
            .replacingOccurrences(of: "{stem}", with: stem)
    }
}
