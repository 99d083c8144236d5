import Encoders
import Export
import Features
import Foundation
import Support
import Tensors
import Tokenization

/// What the parts of a ``SelfTest`` share: a directory, rows, an encoder, a run.
struct SelfTestBench {
    let directory: URL
    let threads: Int
    let progress: ProgressHandler?

    private static let key = RandomKey(seed: 1).child("self-test")
    private static let words = [
        "weather": ["rain", "wind", "cloud", "storm", "sun", "snow"],
        "kitchen": ["soup", "bread", "cake", "pan", "salt", "oven"],
    ]
    private static let fillers = ["the", "a", "there", "was", "this", "morning", "again", "much"]

    private var encoderURL: URL { directory.appendingPathComponent("encoder", isDirectory: true) }
    private var data: URL { directory.appendingPathComponent("rows.csv") }
    private var run: URL { directory.appendingPathComponent("run", isDirectory: true) }

    /// Texts of two classes that no word of the other is in.
    private static let rows: [(text: String, label: String)] = {
        var generator = key.child("rows").generator()
        return (0..<160).map { row in
            let label = words.keys.sorted()[row % 2]
            let chosen = (0..<6).map { place in
                let list = place < 3 ? words[label] ?? [] : fillers
                return list[generator.index(below: list.count)]
            }
            return (chosen.shuffled(using: &generator).joined(separator: " "), label)
        }
    }()

    /// A product of matrices against sums in double precision.
    static func products() throws -> String {
        let (m, n, k) = (37, 29, 53)
        var generator = key.child("products").generator()
        let a = (0..<m * k).map { _ in generator.uniform(bound: 1) }
        let b = (0..<n * k).map { _ in generator.uniform(bound: 1) }
        var c = [Float](repeating: 0, count: m * n)
        BLAS.multiply(
            a, strideA: k, b, .transposed, strideB: k, into: &c, strideC: n, m: m, n: n, k: k)
        for row in 0..<m {
            for column in 0..<n {
                let sum = (0..<k).reduce(0.0) {
                    $0 + Double(a[row * k + $1]) * Double(b[column * k + $1])
                }
                try SelfTestFailure.unless(
                    abs(Double(c[row * n + column]) - sum) < 1e-4,
                    "OpenBLAS gives \(c[row * n + column]) where the sum is \(sum)")
            }
        }
        let bfloat16 = Precision.bfloat16.isAvailable ? "; bfloat16 is available" : ""
        return "OpenBLAS, \(BLAS.kernelName) kernels\(bfloat16)"
    }

    /// Makes an encoder; texts alone and together, on any number of threads, have the same features.
    func encoder() throws -> String {
        try MadeEncoder.write(
            to: encoderURL, texts: Self.rows.map(\.text), key: Self.key.child("encoder"))
        let encoder = try Encoder(directory: encoderURL)
        try Self.checkEncoding(encoder, threads: max(2, threads))
        return "\(encoder.configuration.layers) layers of random weights"
    }

    /// Encodes two sentences with an installed encoder.
    func installed(_ name: String) throws -> String {
        let encoder = try Encoder(directory: EncoderStore.find(name))
        try Self.checkEncoding(encoder, threads: threads)
        return "\(encoder.configuration.layers) layers, \(encoder.width) wide"
    }

    private static func checkEncoding(_ encoder: Encoder, threads: Int) throws {
        let texts = ["there was rain again", "salt", "the soup and the bread"].map {
            encoder.tokenizer.encode($0, pair: nil, maximumLength: encoder.maximumLength)
        }
        func floats(_ texts: [TokenizedText], threads: Int) throws -> [Float] {
            let batch = try FeatureExtractor(encoder, layers: nil, threads: threads)
                .batch(texts, segments: 1)
            return Array(
                UnsafeBufferPointer(
                    start: batch.batch.inputs[0], count: batch.batch.tokenCount * encoder.width))
        }
        let together = try floats(texts, threads: threads)
        let alone = try texts.flatMap { try floats([$0], threads: 1) }
        try SelfTestFailure.unless(
            together.count == alone.count
                && zip(together, alone).allSatisfy { abs($0 - $1) < 1e-4 },
            "texts have other features alone than together")
    }

    private func configuration() -> RunConfiguration {
        var result = RunConfiguration(task: data, run: run)
        result.input.encoders = [encoderURL.path]
        result.search.candidates = 6
        result.selection.keep = 2
        result.selection.funnel = 3
        result.selection.seeds = 1
        result.selection.tuning = 0
        result.threads = threads
        return result
    }

    /// From a table to a model that is nearly always right.
    func search() throws -> String {
        try AtomicFile.write(
            "text,label\n" + Self.rows.map { "\($0.text),\($0.label)\n" }.joined(), to: data)
        let result = try Pipeline(configuration(), progress: progress).run()
        let accuracy = result.exported.test.accuracy
        try SelfTestFailure.unless(
            accuracy >= 0.8, "the model is right in \(accuracy) of the rows, expected 0.8 or more")
        return "\(result.entries.count) trained heads, test accuracy \(accuracy)"
    }

    /// The same rows and seed give the same bytes.
    func repetition() throws -> String {
        let file = run.appendingPathComponent("leaderboard.csv")
        let before = try Data(contentsOf: file)
        var again = configuration()
        again.mode = .overwrite
        again.threads = threads == 1 ? 2 : 1
        _ = try Pipeline(again, progress: progress).run()
        try SelfTestFailure.unless(
            try Data(contentsOf: file) == before,
            "\(again.threads) and \(threads) threads give different leaderboards")
        return
            "the same bytes on \(Set([threads, again.threads]).sorted().map(String.init).joined(separator: " and ")) threads"
    }

    private var model: URL { run.appendingPathComponent("model", isDirectory: true) }

    func answers() throws -> String {
        let classifier = try TextClassifier(
            contentsOf: model, encoder: encoderURL, threads: threads)
        let texts = Self.rows.prefix(40)
        let answers = try classifier.classify(texts.map { TextClassifier.Input($0.text) })
        let right = zip(answers, texts).count { $0.label == $1.label }
        try SelfTestFailure.unless(
            right >= 32, "\(right) of 40 training texts are classified as they should be")
        return "\(right) of 40 right"
    }

    func export() throws -> String {
        let file = directory.appendingPathComponent("model.onnx")
        let loaded = try ModelDirectory.load(model)
        try Exporters.find("onnx").export(
            loaded,
            encoders: {
                try ModelDirectory.openEncoders(
                    of: loaded.configuration, at: model, directory: encoderURL, preparing: true)
            }, options: ExportOptions(headOnly: false), to: file)
        let size = try Data(contentsOf: file).count
        try SelfTestFailure.unless(size > 10_000, "the file has \(size) bytes")
        return ByteSize(size).description
    }
}
