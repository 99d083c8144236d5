import ArgumentParser
import Encoders
import Foundation
import KNAS
import Support
import Tasks
import Tokenization

struct MeasureOptions: ParsableArguments {
    @Option(help: "Threads.")
    var threads = Parallel.availableThreads
    @Option(help: "Repetitions; the median counts.")
    var repeats = 5

    func limit() -> Double {
        matrixProductLimit(threads: threads, repetitions: repeats)
    }
}

/// MRPC's sentences and pairs, as the default encoder's tokens.
struct Corpus {
    let encoder: Encoder
    let dataset: Dataset

    init(data: String, task: String = "mrpc", encoder name: String) throws {
        encoder = try Encoder(directory: EncoderStore.find(name))
        let definition = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../../tasks/\(task).yml").standardizedFileURL
        dataset = try Dataset.load(
            try TaskDefinition.load(definition), dataDirectory: URL(fileURLWithPath: data),
            options: .init())
    }

    /// Single sentences of the training split, each text once.
    func sentences(_ count: Int) -> [TokenizedText] {
        var seen: Set<String> = []
        var texts: [String] = []
        for example in dataset.train {
            for text in [example.text, example.pair].compactMap({ $0 })
            where seen.insert(text).inserted { texts.append(text) }
        }
        return texts.prefix(count).map {
            encoder.tokenizer.encode($0, pair: nil, maximumLength: 128)
        }
    }

    /// Tokens of each training pair as one sequence.
    func pairLengths() -> [Int] {
        dataset.train.map {
            encoder.tokenizer.encode($0.text, pair: $0.pair, maximumLength: 128).ids.count
        }
    }
}
