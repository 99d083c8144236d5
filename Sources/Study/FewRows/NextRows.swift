import Encoders
import Features
import Foundation
import Heads
import Metrics
import Selection
import Support
import Tasks
import Tensors
import Training

/// Which unlabelled texts to label next, so that the most is learnt from them together.
///
///     let next = NextRows(NextRows.Configuration(task: url))
///     let result = try next.run([NextRows.Text(line: 1, "The lift is stuck again")])
///     for row in result.rows { print(row.line, row.text) }
///
/// The exact linear head, fitted to the rows that have labels, says of each text how far its best class is ahead of
/// the second. Texts are grouped by k-means, as many groups as rows are wanted, each text with the weight of what
/// is missing to a clear answer; the text in the middle of each group is chosen (Zhdanov, Diverse mini-batch active
/// learning, 2019). So texts are unclear, unlike one another, and each stands for others.
public struct NextRows: Sendable {
    /// What is chosen from.
    public struct Text: Sendable, Hashable {
        /// Its line in the file, from 1.
        public var line: Int
        /// The text, or the first of a pair.
        public var text: String
        /// The second text of a pair.
        public var pair: String?

        /// A text without a label.
        public init(line: Int, _ text: String, pair: String? = nil) {
            (self.line, self.text, self.pair) = (line, text, pair)
        }
    }

    /// What is asked for.
    public struct Configuration: Sendable {
        /// The rows that have labels, and the encoder.
        public var input: InputConfiguration
        /// Rows to name.
        public var count = 20
        /// The seed of everything random.
        public var seed: UInt64 = 1
        /// Threads; the results do not depend on it.
        public var threads = Parallel.availableThreads

        /// This project's standard choices.
        public init(task: URL) { input = InputConfiguration(task: task) }

        /// - Throws: `BadOption`.
        func check() throws {
            try input.check()
            try require(!input.hasSeveralViews, "--encoder", "several", "one encoder")
            try require((1...10_000).contains(count), "-n", count, "1 to 10000")
            try require((1...1024).contains(threads), "--threads", threads, "1 to 1024")
        }
    }

    private let configuration: Configuration
    private let progress: ProgressHandler?
    private let note: @Sendable (String) -> Void

    /// The most unclear texts that groups are made of.
    private static let largestPool = 20_000

    /// - Parameters:
    ///   - progress: called as the work proceeds; may ask for a stop.
    ///   - note: called with one line about what was found.
    public init(
        _ configuration: Configuration, progress: ProgressHandler? = nil,
        note: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.progress = progress
        self.note = note
    }

    private var key: RandomKey { RandomKey(seed: configuration.seed).child("next") }

    /// Chooses among texts. Those that are among the labelled rows are passed over, as are repetitions.
    /// - Throws: `TaskError`, `EncoderError`, `BadOption`, `Interrupted` and the like.
    public func run(_ texts: [Text]) throws -> NextRowsResult {
        try configuration.check()
        try BLAS.reserveMemory(threads: configuration.threads)
        let prepared = try Preparation(
            configuration.input, SpaceConfiguration(), threads: configuration.threads,
            progress: progress, note: note)
        try prepared.requireClasses(for: "knas next")
        let labels = prepared.dataset.labels.map(\.name)
        let rows = try LabelledRows(
            prepared, threads: configuration.threads, progress: progress, key: key)
        // Test has labels too, though nothing is learnt from it here.
        let pool = Self.new(texts, beside: rows.examples + prepared.dataset.test)
        note(
            "\(rows.examples.count) rows have labels; \(pool.count) of \(texts.count) texts are new"
        )
        guard !pool.isEmpty else {
            return Self.nothing(
                of: texts, configuration, task: prepared.dataset.name,
                labelled: rows.examples.count)
        }
        let space = rows.view.space
        let isFew = FewRows(rows: rows.examples.count, classes: labels.count) != nil
        let head = try ExactHead(
            rows.features, groups: rows.groups, of: ExactHead.choices(in: space, isFew: isFew),
            in: space, threads: configuration.threads, key: key.child("head"))
        let features = try rows.view.features.features(
            of: pool.map { Example(text: $0.text, pair: $0.pair, label: 0) })
        let answers = try head.predictions(features, classes: labels.count)
            .tempered(Temperature.fit(head.heldOut))
        let found = (0..<pool.count).map { row in
            Answer(answers.probabilities[row * labels.count..<(row + 1) * labels.count])
        }
        // The most unclear, where there are very many.
        let order = found.indices.sorted { (found[$0].margin, $0) < (found[$1].margin, $1) }
            .prefix(Self.largestPool).sorted()
        let table = try ReadoutRows(
            // What the highest layer says of texts is nearest to what they mean.
            space.graph(of: LayerProbe.head(in: space, layer: space.context.layers.max() ?? 0)),
            rows.features.appending(features.subset(order)), key: key.child("rows")
        ).standardized
        let width = table.width
        let values = Self.unit(
            Array(table.values.dropFirst(rows.features.count * width)), width: width)
        let clusters = WeightedClusters(
            values, width: width, weights: order.map { 1 - Double(found[$0].margin) + 1e-6 },
            groups: configuration.count, key: key.child("clusters"))
        let chosen = zip(clusters.rows, clusters.sizes).map { row, size in
            let (text, answer) = (pool[order[row]], found[order[row]])
            return NextRowsResult.Row(
                line: text.line, text: text.text, pair: text.pair, likely: labels[answer.first],
                probability: answer.probability, second: labels[answer.second],
                margin: answer.margin, standsFor: size)
        }
        return NextRowsResult(
            task: prepared.dataset.name, encoder: rows.view.encoderName,
            labelled: rows.examples.count, texts: texts.count, new: pool.count,
            seed: configuration.seed, rows: chosen)
    }

    /// Chooses among texts where none has a label yet: those in the middle of as many groups as are wanted, by what
    /// the encoder's highest layer says of them.
    /// - Throws: `EncoderError`, `BadOption`, `Interrupted` and the like.
    public func run(unlabelled texts: [Text]) throws -> NextRowsResult {
        try configuration.check()
        try BLAS.reserveMemory(threads: configuration.threads)
        let name = configuration.input.encoders[0]
        let pool = Self.new(texts, beside: [])
        note("no row has a label: \(pool.count) different texts are grouped by what they say")
        guard !pool.isEmpty else { return Self.nothing(of: texts, configuration) }
        let dataset = Dataset(
            unlabelled: pool.map { Example(text: $0.text, pair: $0.pair, label: 0) },
            name: "unlabelled")
        let encoder = try Encoder(directory: EncoderStore.find(name))
        let layers = [encoder.configuration.layers]
        let source = FeatureSource(
            dataset: dataset, encoder: encoder, layers: layers, threads: configuration.threads,
            progress: progress, note: note)
        let space = try SpaceConfiguration().space(
            HeadContext(
                inputWidth: encoder.width, classes: 2, segments: source.segments, layers: layers))
        let table = try ReadoutRows(
            space.graph(of: LinearHeads.head(in: space, layer: layers[0])), source.features(.train),
            key: key.child("rows")
        ).standardized
        let clusters = WeightedClusters(
            Self.unit(table.values, width: table.width), width: table.width,
            weights: pool.map { _ in 1 }, groups: configuration.count,
            key: key.child("clusters"))
        return NextRowsResult(
            task: nil, encoder: name, labelled: 0, texts: texts.count, new: pool.count,
            seed: configuration.seed,
            rows: zip(clusters.rows, clusters.sizes).map { row, size in
                NextRowsResult.Row(
                    line: pool[row].line, text: pool[row].text, pair: pool[row].pair,
                    standsFor: size)
            })
    }

    private static func nothing(
        of texts: [Text], _ configuration: Configuration, task: String? = nil, labelled: Int = 0
    ) -> NextRowsResult {
        NextRowsResult(
            task: task, encoder: configuration.input.encoders[0], labelled: labelled,
            texts: texts.count, new: 0, seed: configuration.seed, rows: [])
    }

    /// What the head says of a text.
    private struct Answer {
        var first = 0
        var second = 0
        var probability: Float = 0
        /// How far the best class is ahead of the second.
        var margin: Float = 0

        init(_ probabilities: ArraySlice<Float>) {
            let order = probabilities.indices.sorted {
                (probabilities[$1], $0) < (probabilities[$0], $1)
            }
            first = order[0] - probabilities.startIndex
            second = order[1] - probabilities.startIndex
            probability = probabilities[order[0]]
            margin = probability - probabilities[order[1]]
        }
    }

    /// Texts that are neither among the labelled rows nor said before.
    private static func new(_ texts: [Text], beside labelled: [Example]) -> [Text] {
        let all = labelled + texts.map { Example(text: $0.text, pair: $0.pair, label: 0) }
        let groups = TextGroups(all, from: .wholeRow).of
        var seen = Set(groups.prefix(labelled.count))
        return zip(texts, groups.dropFirst(labelled.count)).filter { seen.insert($1).inserted }
            .map(\.0)
    }

    /// Rows of length one; a row of zeros stays.
    private static func unit(_ values: [Float], width: Int) -> [Float] {
        var values = values
        for start in stride(from: 0, to: values.count, by: width) {
            let norm = values[start..<start + width].reduce(0) { $0 + $1 * $1 }.squareRoot()
            guard norm > 0 else { continue }
            for place in start..<start + width { values[place] /= norm }
        }
        return values
    }
}
