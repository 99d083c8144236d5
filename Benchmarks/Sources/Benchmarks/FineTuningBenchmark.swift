import ArgumentParser
import Encoders
import Features
import Foundation
import Graphs
import Heads
import Support
import Tensors
import Training

/// Steps of training a whole encoder with a linear head, on batches of 32 with MRPC's lengths.
///
/// One process measures round after round, each when the other side says so: `fine_tuning.py` lets programs
/// take turns, so that what else the machine does meets all of them.
struct FineTuningBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fine-tuning",
        abstract: "Steps of training a whole encoder with a linear head.")

    @Option(help: "Threads.")
    var threads = Parallel.availableThreads
    @Option(help: "Rounds to measure, after one that does not count.")
    var rounds = 5
    @Option(help: "Steps of a round.")
    var steps = 8
    @Option(help: "MRPC's directory.")
    var data: String
    @Option(help: "The encoder.")
    var encoder = EncoderStore.defaultName
    @Option(help: "float32 or bf16.")
    var precision = "float32"
    @Option(help: "Dropout rate of the encoder.")
    var dropout: Float = 0.1
    @Option(help: "Write the lengths in tokens here, for other programs to run.")
    var lengths: String?
    @Flag(help: "Begin each round when a line comes on standard input.")
    var waits = false

    /// What a round took; printed as a JSON object on a line of its own.
    private struct Round: Codable {
        let steps: Int
        let wallSeconds: Double
        let cpuSeconds: Double
        let peakMiB: Double
    }

    func run() throws {
        let corpus = try Corpus(data: data, encoder: encoder)
        let batchSize = 32
        let lengths = Array(corpus.pairLengths().prefix(steps * batchSize))
        if let target = self.lengths {
            try JSONEncoder().encode(lengths).write(to: URL(fileURLWithPath: target))
        }
        let shape = corpus.encoder.configuration
        try withTemporaryDirectory { directory in
            let features = try randomFeatures(
                lengths: lengths, width: shape.hiddenSize, directory: directory)
            let space = SearchSpace(
                context: HeadContext(
                    inputWidth: shape.hiddenSize, classes: 2, segments: 1, layers: [shape.layers]))
            let head = FineTuneGraph.Head(
                try space.genotype(
                    "projection(width=full) > pool-mean > classifier(hidden=0,dropout=0)"),
                in: space)
            let graph = try FineTuneGraph(
                head, encoder: shape, count: nil, dropout: dropout)
            let start = ParameterSet(space.graph(of: head.genotype))
            start.initialize(key: RandomKey(seed: 1))
            var configuration = FineTuneConfiguration()
            configuration.batchSize = batchSize
            // The end of an epoch is not measured: what is counted are steps within one.
            configuration.epochs = rounds + 1
            var clock = Clock()
            guard let precision = Precision(rawValue: precision) else {
                throw ValidationError("--precision is float32 or bf16")
            }
            _ = try FineTuner(configuration, precision: precision, threads: threads).train(
                graph, start: graph.parameters(encoder: corpus.encoder, head: start),
                train: features, dev: features.subset([0, 1]), classes: 2,
                key: RandomKey(seed: 1)
            ) { state in
                let place = state.step % steps
                if place == 1, state.step > steps || steps == 1 {
                    // The first step of an epoch follows the evaluation of the last one.
                    if waits { _ = readLine() }
                    clock = Clock()
                } else if place == 0, state.step > steps {
                    try printLine(clock.round(steps: steps - 1))
                }
            }
        }
    }

    /// Wall-clock and processor time since its beginning.
    private struct Clock {
        private let wall = ContinuousClock().now
        private let processor = Self.usage().seconds

        func round(steps: Int) -> Round {
            let elapsed = (ContinuousClock().now - wall).components
            let usage = Self.usage()
            return Round(
                steps: steps,
                wallSeconds: Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18,
                cpuSeconds: usage.seconds - processor, peakMiB: usage.peakMiB)
        }

        private static func usage() -> (seconds: Double, peakMiB: Double) {
            let usage = rusage.ofProcess
            let seconds = [usage.ru_utime, usage.ru_stime].reduce(0.0) {
                $0 + Double($1.tv_sec) + Double($1.tv_usec) * 1e-6
            }
            return (seconds, usage.peakMiB)
        }
    }
}
