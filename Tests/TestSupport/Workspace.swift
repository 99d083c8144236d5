import Foundation

/// A task of a few made-up rows and a tiny encoder in a directory of their own.
public struct Workspace: Sendable {
    public let directory: URL
    public let task: URL
    public let encoder: URL

    /// - Parameters:
    ///   - pairs: whether texts are pairs.
    ///   - train: rows of train, before a quarter becomes dev.
    ///   - test: rows of test.
    ///   - wrong: of how many rows of train one has the other label; 0 for none. Where no row is hard, one
    ///     head is as good as many.
    public init(pairs: Bool = true, train: Int = 80, test: Int = 40, wrong: Int = 0) throws {
        directory = try TinyEncoder.temporaryDirectory()
        encoder = directory.appendingPathComponent("encoder")
        try TinyEncoder.write(to: encoder)
        task = directory.appendingPathComponent("toy.yml")
        let columns = pairs ? "{text: a, pair: b, label: y}" : "{text: a, label: y}"
        try """
        name: toy
        format: tsv
        columns: \(columns)
        splits:
          train: train.tsv
          dev: {from: train, fraction: 0.25, seed: 1}
          test: test.tsv
        """.write(to: task, atomically: true, encoding: .utf8)
        try Self.rows(train, pairs, wrong: wrong).write(
            to: directory.appendingPathComponent("train.tsv"), atomically: true, encoding: .utf8)
        try Self.rows(test, pairs, offset: 1000).write(
            to: directory.appendingPathComponent("test.tsv"), atomically: true, encoding: .utf8)
    }

    private static func rows(_ count: Int, _ pairs: Bool, offset: Int = 0, wrong: Int = 0) -> String
    {
        let words = ["quick", "brown", "lazy", "daft", "black", "bright", "good", "bad"]
        var text = pairs ? "a\tb\ty\n" : "a\ty\n"
        for index in 0..<count {
            let a = words[(index + offset) % 8] + " fox \(words[(index / 8) % 8]) \(index + offset)"
            let isSame = index % 2 == 0
            let isWrong = wrong > 0 && index % wrong == wrong - 1
            let label = isSame != isWrong ? "same" : "other"
            let b = isSame ? a : "zebras jump \(index)"
            text +=
                pairs
                ? "\(a)\t\(b)\t\(label)\n"
                : "\(isSame ? "good day" : "bad idea") \(a)\t\(label)\n"
        }
        return text
    }

    public func remove() { try? FileManager.default.removeItem(at: directory) }
}
