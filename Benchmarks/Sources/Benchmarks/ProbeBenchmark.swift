import ArgumentParser
import Encoders
import Features
import Foundation
import Support
import Tasks
import Training

/// The linear probe of a pair task's highest layer: logistic regression for nine strengths of the penalty, each
/// to its minimum, with reading and pooling the features.
struct ProbeBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "probe")

    @OptionGroup var measure: MeasureOptions
    @Option(help: "MRPC's directory.")
    var data: String
    @Option(help: "Write train's and dev's pooled features and labels here, for other programs.")
    var rows: String?

    func run() throws {
        let limit = try measure.limit()
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
                let means = try set.means(slot: 0, threads: measure.threads)
                try Data(bytes: means.pointer, count: means.count * 4).write(
                    to: directory.appendingPathComponent("\(name).f32"))
                try JSONEncoder().encode(set.labels).write(
                    to: directory.appendingPathComponent("\(name).json"))
            }
        }
        let seconds = try median(measure.repeats) {
            _ = try LinearProbe(train: train, dev: dev, classes: 2, threads: measure.threads)
        }
        try Measurement(
            "probe", threads: measure.threads, seconds: seconds,
            work: Double(LinearProbe.strengths.count), unit: "fits", limit: limit
        ).print()
    }
}
