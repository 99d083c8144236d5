import ArgumentParser
import Features
import Foundation
import Graphs
import Heads
import Scoring
import Support

/// The head that all programs are timed with: linear 384 -> 128, one post-norm self-attention block
/// with 4 heads and a 512-wide GELU feed-forward, mean pooling, 2 classes.
let referenceHead =
    "projection(width=128,activation=none) > self-attention(heads=4,norm=post,dropout=0) > "
    + "feed-forward(ratio=4,activation=gelu,norm=post,dropout=0) > pool-mean > "
    + "classifier(hidden=0,dropout=0)"

/// Random features of sentences, stored in the caller's directory.
func randomFeatures(lengths: [Int], width: Int, directory: URL) throws -> FeatureSet {
    var generator = RandomKey(seed: 1).child("features").generator()
    let rows = (0..<lengths.reduce(0, +) * width).map { _ in
        Float(generator.index(below: 2001)) / 1000 - 1
    }
    return try FeatureSet(
        storing: rows, lengths: lengths, width: width, segments: 1,
        labels: lengths.indices.map { Int32($0 % 2) },
        at: directory.appendingPathComponent("features.safetensors"))
}

/// A directory that is removed when `body` has returned.
func withTemporaryDirectory(_ body: (URL) throws -> Void) throws {
    let url = FileManager.default.temporaryDirectory
        .appendingPathComponent("knas-benchmark-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: url) }
    try body(url)
}

/// Heads scored per second.
struct ScoringBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "scoring")

    @OptionGroup var measure: MeasureOptions
    @Option(help: "Proxies, separated by commas; the default is both kernels.")
    var proxies = ["mgm,mgm-output", "mgm", ProxyExpression.standard.names.joined(separator: ",")]
    @Option(
        help:
            "Directions that gradients are projected on; the first proxies are measured with both.")
    var sketch = 16
    @Option(help: "Heads per repetition.")
    var heads = 16
    @Option(help: "Sentences n.")
    var examples = 64
    @Option(help: "Tokens of each.")
    var tokens = 45

    func run() throws {
        let limit = measure.limit()
        try withTemporaryDirectory { directory in
            let features = try randomFeatures(
                lengths: Array(repeating: tokens, count: examples), width: 384,
                directory: directory)
            let space = SearchSpace(
                context: HeadContext(inputWidth: 384, classes: 2, segments: 1))
            let genotype = try space.genotype(referenceHead)
            let forward = space.graph(of: genotype).multiplyAdds(
                Batch(lengths: Array(repeating: tokens, count: examples), segments: 1))
            for (list, sketch) in proxies.map({ ($0, 0) }) + proxies.prefix(1).map({ ($0, sketch) })
            {
                var options = Scorer.Options()
                options.examples = examples
                options.initializations = 1
                options.sketch = sketch
                let scorer = try Scorer(
                    spaces: SearchSpaces(space), train: [features],
                    proxies: list.split(separator: ",").map(String.init), options: options,
                    key: RandomKey(seed: 1))
                let seconds = try median(measure.repeats) {
                    try Parallel.forEach(count: heads, threads: measure.threads) { index, _ in
                        _ = try scorer.score(genotype, key: RandomKey(seed: 2).child(index))
                    }
                }
                // A forward pass, and twice as much for each backward pass.
                let passes = list == "mgm" || list == "grad-norm" ? 3.0 : 5.0
                try Measurement(
                    "scoring \(list)" + (sketch > 0 ? " sketched" : ""), threads: measure.threads,
                    seconds: seconds,
                    work: Double(heads), unit: "heads",
                    multiplyAdds: Double(forward * heads) * passes, limit: limit
                ).print()
            }
        }
    }
}
