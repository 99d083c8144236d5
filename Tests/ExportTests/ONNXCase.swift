import Encoders
import Export
import Features
import Foundation
import Graphs
import Heads
import Support
import Tasks
import TestSupport
import Tokenization

/// A head with random weights, some inputs, and the logits that this program computes for them.
struct ONNXCase {
    let model: Model
    let options: ExportOptions
    let encoder: Encoder?
    private let segments: [[[String: Any]]]
    private let logits: [[Float]]

    static let texts = [
        "good", "the quick brown fox jumps", "it is bad", "a", "what a bad idea that was to you",
        "how vexingly quick daft zebras jump and dozy fowl quack", "",
    ]

    /// A genotype's model with weights that are nowhere zero or one, and logits of the size that
    /// trained heads give: a tolerance of 1e-4 means little where logits are in the hundreds.
    static func model(
        _ space: SearchSpace, _ genotype: Genotype, encoder: Encoder?,
        pairing: Pairing, hasPairs: Bool, members: Int = 1, key: RandomKey
    ) -> Model {
        let layers = space.layers(of: genotype)
        let context = HeadContext(
            inputWidth: space.context.inputWidth, classes: space.context.classes,
            segments: space.context.segments, layers: layers)
        let graph = SearchSpace(context: context).graph(of: genotype)
        var generator = key.child("noise").generator()
        let sets = (0..<members).map { member in
            let parameters = ParameterSet(graph)
            parameters.initialize(key: member == 0 ? key : key.child(member))
            for parameter in graph.parameters {
                let values = parameters.values(parameter.name) ?? []
                parameters.set(
                    parameter.name, values.map { $0 + generator.uniform(bound: Float(0.05)) })
            }
            return parameters
        }
        let labels = (0..<space.context.classes).map { TaskLabel(value: "class \($0)") }
        return Model(
            configuration: ModelConfiguration(
                task: "toy", encoder: .init(name: "tiny", digest: encoder?.digest ?? "none"),
                layers: layers, pairing: pairing, hasPairs: hasPairs, maximumLength: 24,
                genotype: genotype.description, labels: labels, positiveLabel: nil,
                width: space.context.inputWidth),
            graph: graph, ensemble: sets)
    }

    /// Token ids to logits.
    init(_ model: Model, on encoder: Encoder) throws {
        let count = model.graph.segments
        let hasPairs = model.configuration.hasPairs
        var tokenized: [TokenizedText] = []
        for (index, text) in Self.texts.enumerated() {
            let pair = Self.texts[(index + 2) % Self.texts.count]
            let parts: [(String, String?)] =
                count == 2 ? [(text, nil), (pair, nil)] : [(text, hasPairs ? pair : nil)]
            tokenized += parts.map {
                encoder.tokenizer.encode(
                    $0.0, pair: $0.1, maximumLength: model.configuration.maximumLength)
            }
        }
        let extractor = try FeatureExtractor(
            encoder, layers: model.configuration.layers, threads: 1)
        let batch = try extractor.batch(tokenized, segments: count)
        self.init(
            model, options: ExportOptions(), encoder: encoder, batch: batch.batch,
            rows: tokenized.map { ["ids": $0.ids.map(Int.init)] })
    }

    /// Features to logits.
    init(headOnly model: Model, key: RandomKey) {
        let (width, layers) = (model.configuration.width, model.configuration.layers.count)
        let count = model.graph.segments
        let lengths = Array([1, 5, 3, 9, 2, 7, 4, 12, 6, 8].prefix(5 * count))
        var generator = key.generator()
        let tokens = lengths.reduce(0, +)
        let features = (0..<layers * tokens * width).map { _ in
            generator.uniform(bound: Float(2))
        }
        var rows: [[String: Any]] = []
        var start = 0
        for length in lengths {
            var states: [[Float]] = []
            for token in start..<start + length {
                var state: [Float] = []
                for layer in 0..<layers {
                    let first = (layer * tokens + token) * width
                    state += features[first..<first + width]
                }
                states.append(state)
            }
            rows.append(["features": states])
            start += length
        }
        var made: ONNXCase?
        features.withUnsafeBufferPointer { buffer in
            var batch = Batch(lengths: lengths, segments: count)
            batch.inputs = (0..<layers).map { buffer.baseAddress! + $0 * tokens * width }
            made = ONNXCase(
                model, options: ExportOptions(headOnly: true), encoder: nil, batch: batch,
                rows: rows)
        }
        self = made!
    }

    private init(
        _ model: Model, options: ExportOptions, encoder: Encoder?, batch: Batch,
        rows: [[String: Any]]
    ) {
        self.model = model
        self.options = options
        self.encoder = encoder
        let classes = model.configuration.labels.count
        let outputs = model.members.map { parameters in
            // The result lies in the executor's memory.
            let executor = Executor(model.graph)
            let output = executor.forward(batch, parameters: parameters)
            return withExtendedLifetime(executor) {
                (0..<batch.exampleCount * classes).map { output[$0] }
            }
        }
        let together = Ensemble.logits(outputs, classes: classes)
        logits = (0..<batch.exampleCount).map { example in
            Array(together[example * classes..<(example + 1) * classes])
        }
        let count = model.graph.segments
        segments = (0..<batch.exampleCount).map { Array(rows[$0 * count..<($0 + 1) * count]) }
    }

    /// Writes `name.onnx` and, for `check_onnx.py`, `name.json`.
    func write(_ name: String, to directory: URL) throws -> ONNXDescription {
        let url = directory.appendingPathComponent("\(name).onnx")
        try Exporters.find("onnx").export(
            model, encoder: { encoder! }, options: options, to: url)
        let examples = zip(segments, logits).map {
            ["segments": $0, "logits": $1] as [String: Any]
        }
        let object: [String: Any] = ["classes": logits[0].count, "examples": examples]
        try JSONSerialization.data(withJSONObject: object)
            .write(to: directory.appendingPathComponent("\(name).json"))
        return try ONNXDescription(Data(contentsOf: url))
    }
}
