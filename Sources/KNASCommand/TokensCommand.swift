import ArgumentParser
import Encoders
import Foundation
import Support
import Tasks
import Tokenization

struct TokensCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokens", abstract: "Shows how an encoder cuts texts into tokens.",
        discussion: """
            Reads one text per line; with --pairs, two texts separated by a tab, which are one sequence. \
            Prints every token's id and piece, special tokens included; what is cut off is not shown.

            EXAMPLES
              echo "More towels, please" | knas tokens multilingual-e5-small
              knas tokens all-minilm-l6-v2 texts.txt --json
            """)
    @Argument(help: "Name of an installed encoder, or a path to its directory.")
    var encoder: String
    @Argument(help: "A file, or - for standard input.")
    var file = "-"
    @Flag(help: "Each line has two texts with a tab between them.")
    var pairs = false
    @Option(name: .customLong("max-tokens"), help: "Longest sequence (default: the encoder's).")
    var maximumTokens: Int?
    @OptionGroup var global: GlobalOptions

    private struct Answer: Encodable {
        let encoder: String
        let maximumTokens: Int
        let texts: [Sequence]
    }

    private struct Sequence: Encodable {
        let text: String
        let pair: String?
        let ids: [Int32]
        let types: [Int32]
        let pieces: [String]
    }

    func validate() throws {
        if let maximumTokens, maximumTokens < 8 {
            throw ValidationError("--max-tokens is \(maximumTokens): expected 8 or more")
        }
    }

    func run() throws {
        let opened = try Encoder(directory: EncoderStore.find(encoder))
        let limit = min(maximumTokens ?? opened.maximumLength, opened.maximumLength)
        let names = opened.tokenizer.pieces
        let sequences = try lines().enumerated().map { index, line in
            let fields = pairs ? line.components(separatedBy: "\t") : [line]
            guard fields.count == (pairs ? 2 : 1) else {
                throw TokensError(
                    line: index + 1, problem: "expected two texts with a tab between them")
            }
            let pair = pairs ? fields[1] : nil
            let tokens = opened.tokenizer.encode(fields[0], pair: pair, maximumLength: limit)
            return Sequence(
                text: fields[0], pair: pair, ids: tokens.ids, types: tokens.segmentIDs,
                pieces: tokens.ids.map { names[$0] ?? "" })
        }
        try global.show(
            Answer(encoder: encoder, maximumTokens: limit, texts: sequences),
            sequences.map { sequence in
                zip(sequence.ids, sequence.pieces).map { "\($0) \($1.revealed)" }
                    .joined(separator: "  ")
            }.joined(separator: "\n"))
    }

    private func lines() throws -> [String] {
        let source = try InputSource(file)
        let data = try DataFile(Data(try source.rest()), name: source.name)
        guard let text = data.withUnsafeBytes({ String(validating: $0, as: UTF8.self) }) else {
            throw TokensError(line: nil, problem: "the texts are not valid UTF-8")
        }
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }
}

/// Texts that cannot be cut into tokens.
private struct TokensError: DiagnosedError {
    let line: Int?
    let problem: String

    var kind: ErrorKind { .badInput }
    var description: String { (line.map { "line \($0): " } ?? "") + problem }
}
