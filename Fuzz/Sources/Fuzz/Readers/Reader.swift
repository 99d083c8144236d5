import Foundation
import Mutations
import Support

/// A reader under test: valid files, how they are damaged, and how accepted files are used.
struct Reader: Sendable {
    typealias Make = @Sendable (String, [UInt8], inout RandomGenerator) -> [UInt8]?

    let name: String
    /// Valid files that everything starts from.
    let seeds: @Sendable () throws -> [FileSet]
    /// Words of the format.
    var tokens: [String] = []
    /// Whether a file of a set is damaged; the others stay unchanged.
    var isTarget: @Sendable (String) -> Bool = { _ in true }
    /// Makes a file's bytes, instead of damaging them as any bytes; `nil` for files that it does not
    /// know and for cases that it leaves to the mutator.
    var make: Make = { _, _, _ in nil }
    /// Whether the reader changes the directory, so every case needs a new one.
    var writes = false
    /// Applied to the damaged bytes, e.g. to make a length fit again.
    var repair: @Sendable (_ name: String, _ bytes: inout [UInt8]) -> Void = { _, _ in }
    /// Reads the files of a directory and uses what is accepted.
    ///
    /// A refusal is a `DiagnosedError`; any other error is a failure of the reader. An accepted file
    /// that breaks a promise is thrown as ``Violation``.
    let read: @Sendable (URL) throws -> Void

    static let all: [Reader] = [
        .safetensors, .shards, .sentencePiece, .tokenizer, .encoderConfiguration, .encoder,
        .container, .taskFile, .tsv, .csv, .jsonLines, .gzip,
        .utf16, .delimited, .jsonArray, .texts, .genotype, .candidates, .runStore,
        .runResult, .model,
    ]

    /// The files of a case: a seed's, one of them damaged.
    func files(
        _ index: Int, seed: UInt64, corpus: [FileSet]
    ) -> (files: FileSet, base: Int, changed: Set<String>) {
        var generator = RandomKey(seed: seed).child(name).child(index).generator()
        let base = generator.index(below: corpus.count)
        var files = corpus[base]
        let targets = files.names.filter(isTarget)
        let mutator = Mutator(tokens: tokens)
        var changed: Set<String> = []
        for _ in 0...(generator.index(below: 8) == 0 ? 1 : 0) where !targets.isEmpty {
            let target = targets[generator.index(below: targets.count)]
            let bytes = files.files[target] ?? []
            var result: [UInt8]
            if let made = make(target, bytes, &generator) {
                result = made
            } else {
                let others =
                    corpus.compactMap { $0.files[target] }
                    + targets.compactMap {
                        files.files[$0]
                    }
                result = mutator.mutate(bytes, splicing: others, using: &generator)
                if generator.index(below: 4) > 0 { repair(target, &result) }
            }
            files.files[target] = result
            changed.insert(target)
        }
        return (files, base, changed)
    }
}

/// A promise that an accepted file breaks.
struct Violation: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Texts in many scripts, and some that are not text.
enum Texts {
    static let all: [String] = [
        "", " ", "a", "the quick brown fox", "Ａ ㎡ ﬁ é e\u{301} ½ … \u{2581} \0 \u{FEFF}",
        "中文字符 日本語 한국어", "हिन्दी עברית العربية ไทย", "🧪👩‍👩‍👧‍👦 \u{202E}abc \u{10FFFF}",
        String(decoding: (0...255).map { UInt8($0) }, as: UTF8.self),
        String(repeating: "a", count: 300), String(repeating: "a b", count: 60),
        "[CLS] [MASK] <s> </s> <mask> [SEP]", "don't they've  \t\n x",
    ]
}
