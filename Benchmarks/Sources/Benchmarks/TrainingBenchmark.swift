import ArgumentParser
import Encoders
import Features
import Foundation
import Graphs
import Heads
import Support
import Training

/// Training steps per second of the reference head, on batches of 32 with MRPC's lengths.
struct TrainingBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "training")

    @OptionGroup var measure: MeasureOptions
    @Option(help: "MRPC's directory.")
    var data: String
    @Option(help: "Pairs.")
    var pairs = 1024
    @Option(help: "Write the lengths in tokens here, for other programs to run.")
    var lengths: String?

    func run() throws {
        let limit = measure.limit()
        let corpus = try Corpus(data: data, encoder: EncoderStore.defaultName)
        let lengths = Array(corpus.pairLengths().prefix(pairs))
        if let target = self.lengths {
            try JSONEncoder().encode(lengths).write(to: URL(fileURLWithPath: target))
        }
        try withTemporaryDirectory { directory in
            let features = try randomFeatures(lengths: lengths, width: 384, directory: directory)
            let dev = features.subset([0, 1])
            let space = SearchSpace(
                context: HeadContext(inputWidth: 384, classes: 2, segments: 1))
            let graph = space.graph(of: try space.genotype(referenceHead))
            var configuration = TrainingConfiguration()
            configuration.epochs = 1
            configuration.batchSize = 32
            let trainer = try HeadTrainer(configuration)
            // As a search trains: finalists and seeds in parallel, one per thread.
            let seconds = try median(measure.repeats) {
                try Parallel.forEach(count: measure.threads, threads: measure.threads) { index, _ in
                    _ = try trainer.train(
                        graph, train: features, dev: dev, classes: 2,
                        key: RandomKey(seed: 1).child(index))
                }
            }
            let steps = (lengths.count + 31) / 32 * measure.threads
            let forward =
                graph.multiplyAdds(Batch(lengths: lengths, segments: 1)) * measure.threads
            try Measurement(
                "training", threads: measure.threads, seconds: seconds, work: Double(steps),
                unit: "steps", multiplyAdds: 3 * Double(forward), limit: limit
            ).print()
        }
    }
}
