import Foundation
import Mutations
import Support
import Tasks

extension Reader {
    /// Texts to classify, in every format: however their bytes are cut, the rows are the same.
    static let texts = Reader(
        name: "texts",
        seeds: {
            [
                FileSet(["texts.text": Array("a text\nanother\tone\r\n".utf8)]),
                FileSet(["texts.csv": Array("id,text\n1,\"two\nlines, \"\"q\"\"\"\n2,b\n".utf8)]),
                FileSet(["texts.tsv": Array("text\tid\na\t1\nb \"q\"\t2\n".utf8)]),
                FileSet([
                    "texts.jsonl": Array("{\"text\": \"a\\n\"}\n{\"id\": 1, \"text\": \"b\"}".utf8)
                ]),
            ]
        },
        tokens: [
            "\"", "\"\"", ",", "\t", "\n", "\r\n", "\r", "\0", "\u{FEFF}", "text", "{\"text\": \"",
            "\"}\n",
        ],
        read: { directory in
            for format in TextRows.Format.allCases {
                let url = directory.appendingPathComponent("texts.\(format.rawValue)")
                guard let bytes = try? Data(contentsOf: url) else { continue }
                let whole = try rows(bytes, format, piece: max(1, bytes.count))
                let piece = 1 + bytes.reduce(0) { ($0 + Int($1)) % 97 }
                guard try rows(bytes, format, piece: piece) == whole else {
                    throw Violation("other rows in pieces of \(piece) bytes")
                }
                for case .text(_, let text, _) in whole where text.utf8.contains(0) {
                    throw Violation("a text with a NUL")
                }
            }
        })

    private static func rows(
        _ bytes: Data, _ format: TextRows.Format, piece: Int
    ) throws -> [TextRows.Row] {
        var reader = TextRows(format, name: "texts", text: "text", pair: nil)
        var rows: [TextRows.Row] = []
        var start = 0
        while start < bytes.count {
            let end = min(start + piece, bytes.count)
            rows += try reader.add(bytes[start..<end], isLast: false)
            start = end
        }
        return rows + (try reader.add([], isLast: true))
    }
}
