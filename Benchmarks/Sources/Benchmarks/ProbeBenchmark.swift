import ArgumentParser
import CKernels
import Encoders
import Features
import Foundation
import Heads
import Support
import Tasks
import Training

/// The plain linear head of a pair task's highest layer: logistic regression along a path of penalties, each
/// to its minimum, with reading and pooling the features.
struct ProbeBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "probe")

    @OptionGroup var measure: MeasureOptions
    @Option(help: "MRPC's directory.")
    var data: String
    @Option(help: "Write train's and dev's pooled features and labels here, for other programs.")
    var rows: String?

    /// The mean feature row of every text of every pair: `[pairs, 2 * width]`, float32.
    private func means(of features: FeatureSet) throws -> Data {
        var means = Data()
        for examples in (0..<features.count).pieces(of: 256) {
            let batch = try features.batch(Array(examples)).batch
            var rows = [Float](repeating: 0, count: batch.sequenceCount * features.width)
            knas_mean_pool(
                Int64(batch.sequenceCount), batch.offsets, Int64(features.width),
                batch.inputs[0], &rows)
            rows.withUnsafeBytes { means.append(contentsOf: $0) }
        }
        return means
    }

    func run() throws {
        let limit = measure.limit()
        let corpus = try Corpus(data: data, encoder: EncoderStore.defaultName)
        let cache = FeatureCache(encoder: corpus.encoder, threads: measure.threads)
        let configuration = FeatureConfiguration(layers: [12])
        func features(_ split: Split) throws -> FeatureSet {
            try cache.features(of: corpus.dataset[split], configuration, progress: nil) { _ in }
        }
        let (train, dev) = (try features(.train), try features(.dev))
        if let rows {
            let directory = URL(fileURLWithPath: rows)
            try FileManager.default.createDirectory(
                at: directory, withIntermediateDirectories: true)
            for (name, set) in [("train", train), ("dev", dev)] {
                try means(of: set).write(to: directory.appendingPathComponent("\(name).f32"))
                try JSONEncoder().encode(set.labels).write(
                    to: directory.appendingPathComponent("\(name).json"))
            }
        }
        let space = SearchSpace(
            context: HeadContext(inputWidth: train.width, classes: 2, segments: 2, layers: [12]))
        let head = space.graph(
            of: try space.genotype(
                "projection(width=full) > pool-mean > pair(kind=all) > "
                    + "classifier(norm=standard,hidden=0,dropout=0)"))
        var fits = 0
        let seconds = try median(measure.repeats) {
            fits = try LogisticPath(
                head, train: train, dev: dev, classes: 2, key: RandomKey(seed: 1)
            ).heads.count
        }
        try Measurement(
            "probe", threads: measure.threads, seconds: seconds,
            work: Double(fits), unit: "fits", limit: limit
        ).print()
    }
}
