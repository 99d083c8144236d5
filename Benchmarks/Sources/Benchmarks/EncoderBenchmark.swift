import ArgumentParser
import Encoders
import Features
import Foundation
import Graphs
import Tokenization

/// Tokens per second of an encoder on MRPC's sentences.
struct EncoderBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "encoder")

    @OptionGroup var measure: MeasureOptions
    @Option(help: "MRPC's directory.")
    var data: String
    @Option(help: "Sentences.")
    var sentences = 1024
    @Option(help: "The encoder.")
    var encoder = EncoderStore.defaultName
    @Option(help: "Write the token ids here, for other programs to run.")
    var ids: String?

    func run() throws {
        let limit = measure.limit()
        let corpus = try Corpus(data: data, encoder: encoder)
        let texts = corpus.sentences(sentences)
        if let ids {
            try JSONEncoder().encode(texts.map(\.ids)).write(to: URL(fileURLWithPath: ids))
        }
        let tokens = texts.reduce(0) { $0 + $1.ids.count }
        let graph = try corpus.encoder.graph(layers: [corpus.encoder.configuration.layers]).graph
        let work = graph.multiplyAdds(try corpus.encoder.batch(texts))
        let extractor = try FeatureExtractor(
            corpus.encoder, layers: nil, threads: measure.threads)
        let seconds = try median(measure.repeats) {
            _ = try extractor.batch(texts, segments: 1)
        }
        try Measurement(
            "encoder", threads: measure.threads, seconds: seconds, work: Double(tokens),
            unit: "tokens", multiplyAdds: Double(work), limit: limit
        ).print()
    }
}
