import Encoders
import Export
import Features
import Foundation
import Graphs
import Heads
import Support
import Tensors
import TestSupport
import Tokenization

/// A model with random weights, some inputs, and the logits that this program computes for them.
struct ONNXCase {
    let model: Model
    let options: ExportOptions
    let encoders: [Encoder]
    /// For each example and view its segments.
    private let examples: [[[[String: Any]]]]
    private let logits: [[Float]]

    static let texts = [
        "good", "the quick brown fox jumps", "it is bad", "a", "what a bad idea that was to you",
        "how vexingly quick daft zebras jump and dozy fowl quack", "",
        // Typed by somebody: no separator of texts.
        "good[SEP]bad [SEP]",
    ]

    /// What is read of one view: features, and the rows that a file's inputs get, sequence by
    /// sequence.
    private struct Reading {
        let batch: Batch
        let rows: [[String: Any]]
    }

    /// Token ids to logits.
    /// - Parameter encoders: one for each view.
    init(_ model: Model, on encoders: [Encoder]) throws {
        let configuration = model.configuration
        let readings = try zip(configuration.views.indices, encoders).map { place, encoder in
            let view = configuration.views[place]
            let segments = configuration.segments(ofView: place)
            var tokenized: [TokenizedText] = []
            for (index, text) in Self.texts.enumerated() {
                let pair = Self.texts[(index + 2) % Self.texts.count]
                let parts: [(String, String?)] =
                    segments == 2
                    ? [(text, nil), (pair, nil)]
                    : [(text, configuration.hasPairs ? pair : nil)]
                tokenized += parts.map {
                    encoder.tokenizer.encode($0.0, pair: $0.1, maximumLength: view.maximumLength)
                }
            }
            let extractor = try FeatureExtractor(encoder, layers: view.layers, threads: 1)
            return Reading(
                batch: try extractor.batch(tokenized, segments: segments).batch,
                rows: tokenized.map {
                    ["ids": $0.ids.map(Int.init), "types": $0.segmentIDs.map(Int.init)]
                })
        }
        self.init(model, ExportOptions(), encoders, readings)
    }

    /// Features to logits.
    init(headOnly model: Model, key: RandomKey) {
        let configuration = model.configuration
        let readings = configuration.views.enumerated().map { place, view in
            Self.features(
                view, segments: configuration.segments(ofView: place),
                place == 0 ? key : key.child(place))
        }
        self.init(model, ExportOptions(headOnly: true), [], readings)
    }

    /// Random features of five examples.
    private static func features(
        _ view: ModelConfiguration.View, segments: Int, _ key: RandomKey
    ) -> Reading {
        let (width, layers) = (view.width, view.layers.count)
        let lengths = Array([1, 5, 3, 9, 2, 7, 4, 12, 6, 8].prefix(5 * segments))
        var generator = key.generator()
        let tokens = lengths.reduce(0, +)
        let features = FloatStorage(
            (0..<layers * tokens * width).map { _ in generator.uniform(bound: Float(2)) })
        var rows: [[String: Any]] = []
        var start = 0
        for length in lengths {
            let states = (start..<start + length).map { token in
                (0..<layers).flatMap { layer in
                    (0..<width).map { features.pointer[(layer * tokens + token) * width + $0] }
                }
            }
            rows.append(["features": states])
            start += length
        }
        var batch = Batch(lengths: lengths, segments: segments)
        batch.inputs = (0..<layers).map {
            UnsafePointer(features.pointer + $0 * tokens * width)
        }
        batch.owner = features
        return Reading(batch: batch, rows: rows)
    }

    private init(
        _ model: Model, _ options: ExportOptions, _ encoders: [Encoder], _ readings: [Reading]
    ) {
        self.model = model
        self.options = options
        self.encoders = encoders
        let configuration = model.configuration
        let classes = configuration.targets.outputs
        let count = readings[0].batch.exampleCount
        let together = model.logits(
            model.members.enumerated().map { place, member in
                var batch = readings[configuration.members[place].view].batch
                batch.inputs = configuration.slots(ofMember: place).map { batch.inputs[$0] }
                return member.replicas.map { parameters in
                    // The result lies in the executor's memory.
                    let executor = Executor(member.graph)
                    let output = executor.forward(batch, parameters: parameters)
                    return withExtendedLifetime(executor) {
                        (0..<count * classes).map { output[$0] }
                    }
                }
            })
        logits = (0..<count).map { Array(together[$0 * classes..<($0 + 1) * classes]) }
        examples = (0..<count).map { example in
            configuration.views.indices.map { view in
                let segments = configuration.segments(ofView: view)
                return Array(readings[view].rows[example * segments..<(example + 1) * segments])
            }
        }
    }

    /// Writes `name.onnx` and, for `check_onnx.py`, `name.json`.
    func write(_ name: String, to directory: URL) throws -> ONNXDescription {
        let url = directory.appendingPathComponent("\(name).onnx")
        try Exporters.find("onnx").export(
            model, encoders: { encoders }, options: options, to: url)
        let cases = zip(examples, logits).map { ["views": $0, "logits": $1] as [String: Any] }
        let object: [String: Any] = ["classes": logits[0].count, "examples": cases]
        try JSONSerialization.data(withJSONObject: object)
            .write(to: directory.appendingPathComponent("\(name).json"))
        return try ONNXDescription(Data(contentsOf: url))
    }
}
