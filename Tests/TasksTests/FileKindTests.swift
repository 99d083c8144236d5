import CZlib
import Foundation
import Support
import Testing

@testable import Tasks

/// Files that are compressed, in another encoding, or no text at all.
@Suite struct FileKindTests {
    private let workspace: Workspace
    private static let table = "text,label\na,no\n\"b\nc\",yes\nd,no\n"

    init() throws { workspace = try Workspace() }

    /// The table's rows, read from `data` in the file of train.
    private func train(_ data: Data, _ name: String = "train.csv") throws -> Dataset {
        try workspace.writeSplits("csv", train: Data(Self.table.utf8))
        try workspace.write(data, name)
        return try workspace.load(
            singleTask("csv").replacingOccurrences(of: "train.csv", with: name))
    }

    private func gzip(_ text: Data) throws -> Data {
        let url = workspace.url.appendingPathComponent("made.gz")
        let file = gzopen(url.path, "wb9")
        text.withUnsafeBytes { _ = gzwrite(file, $0.baseAddress, UInt32($0.count)) }
        gzclose(file)
        return try Data(contentsOf: url)
    }

    private func utf16(_ text: String, _ encoding: String.Encoding, _ mark: [UInt8]) -> Data {
        Data(mark) + (text.data(using: encoding) ?? Data())
    }

    @Test(
        "gzip, UTF-16 of either order, and carriage returns alone give the rows of the plain file")
    func transparent() throws {
        let plain = try train(Data(Self.table.utf8))
        let zipped = try gzip(Data(Self.table.utf8))
        let halves =
            try gzip(Data(Self.table.utf8.prefix(15))) + gzip(Data(Self.table.utf8.dropFirst(15)))
        let files: [(Data, String)] = [
            (zipped, "train.csv.gz"), (zipped, "train.csv"), (halves, "train.csv.gz"),
            (zipped + Data(count: 100), "train.csv.gz"),
            (utf16(Self.table, .utf16LittleEndian, [0xff, 0xfe]), "train.csv"),
            (utf16(Self.table, .utf16BigEndian, [0xfe, 0xff]), "train.csv"),
            (try gzip(utf16(Self.table, .utf16LittleEndian, [0xff, 0xfe])), "train.csv.gz"),
        ]
        for (data, name) in files {
            let set = try train(data, name)
            #expect(set.train == plain.train && set.digest == plain.digest)
            #expect(set.report.notes.count == 1 && set.report.notes[0].contains("read as"))
        }
        let old = try train(Data(Self.table.replacingOccurrences(of: "\n", with: "\r").utf8))
        #expect(old.train == plain.train)
        #expect(plain.report.notes.isEmpty)
    }

    @Test("UTF-16 text of any script is read; half a surrogate pair is a bad row")
    func utf16() throws {
        let text = "text,label\né 漢 \u{1F600},no\nb,yes\n"
        let set = try train(utf16(text, .utf16LittleEndian, [0xff, 0xfe]))
        #expect(set.train[0].text == "é 漢 \u{1F600}")
        var lone = utf16("text,label\na", .utf16LittleEndian, [0xff, 0xfe])
        lone += [0x3d, 0xd8] + utf16(",no\nb,yes\n", .utf16LittleEndian, [])
        let rows = try workspace.badRows(lone, "csv")
        #expect(rows.map(\.line) == [2] && "\(rows[0])".contains("lone surrogate"))
    }

    @Test("gzip that is cut short, damaged, nested, followed by something or a bomb is an error")
    func badGzip() throws {
        let zipped = try gzip(Data(Self.table.utf8))
        func problem(_ data: Data) throws -> String {
            try message { _ = try train(data, "train.csv.gz") }
        }
        for length in [2, 5, 12, zipped.count - 9, zipped.count - 1] {
            #expect(try problem(zipped.prefix(length)).contains("cut short"), "\(length)")
        }
        var damaged = zipped
        damaged[zipped.count - 6] ^= 1
        #expect(try problem(damaged).contains("damaged"))
        #expect(try problem(gzip(zipped)).contains("gzip inside gzip"))
        #expect(try problem(zipped + Data("more".utf8)).contains("is not gzip, at byte"))
        let bomb = try gzip(Data(repeating: 0x61, count: (16 << 20) + 1))
        #expect(try problem(bomb).contains("becomes more than 16777216"))
    }

    @Test(
        "what is not text is named, with the way out",
        arguments: [
            ("PK\u{3}\u{4}......xl/workbook.xml", "an Excel workbook (xlsx)", "as CSV UTF-8"),
            ("PK\u{3}\u{4}......data.csv......", "a zip archive", "unzip "),
            ("PAR1....PAR1", "a Parquet file", "read_parquet('"),
            ("SQLite format 3\0", "an SQLite database", "sqlite3"),
            ("<!DOCTYPE html><html>", "a web page", "download"),
            (
                "version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS",
                "git lfs pull"
            ),
            ("t\0e\0x\0t\0,\0l\0a\0b\0e\0l\0", "UTF-16LE text without", "iconv -f UTF-16LE"),
            ("\0t\0e\0x\0t\0,\0l\0a\0b\0e\0l", "UTF-16BE text without", "iconv -f UTF-16BE"),
        ])
    func named(content: String, kind: String, advice: String) throws {
        let error = try message { _ = try train(Data(content.utf8)) }
        #expect(error.contains("this is \(kind)") && error.contains(advice), "\(error)")
        #expect(error.contains("train.csv"))
    }

    @Test("words that begin like a mark of another kind are text")
    func harmless() throws {
        for header in ["PAR1", "BZh9", "ORC", "Rar!", "Obj", "ARROW1"] {
            try workspace.writeSplits("csv", train: Data(Self.table.utf8))
            try workspace.write("\(header),text,label\nx,a,no\ny,b,yes\n", "train.csv")
            #expect(try workspace.load(singleTask("csv")).train.count == 2)
        }
    }

    @Test("bytes that are not UTF-8 come with the command that may help")
    func latin1() throws {
        let data = Data("text,label\ncaf".utf8) + [0xe9] + Data(",no\nb,yes\n".utf8)
        let error = try message { _ = try train(data) }
        #expect(error.contains("not valid UTF-8 at byte 4 of line 2"), "\(error)")
        #expect(error.contains("iconv -f WINDOWS-1252 -t UTF-8"))
    }
}
