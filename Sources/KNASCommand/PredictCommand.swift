import ArgumentParser
import Export
import Foundation
import KNAS
import Support
import Tasks

struct PredictCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract: "Classifies texts; prints one JSON object per line.",
        discussion: """
            Reads one text per line; for models of pairs, two texts separated by a tab. Tables and JSON \
            lines have the texts in columns, and may have others: --format, by default what the file's \
            extension says (.csv, .jsonl, .ndjson, .json; with .gz too), and --text and --pair name them.

            Each line of the output is an object, even without --json: label, probability, and every \
            class's probability; for tasks with several labels a row, labels (those whose probabilities \
            reach their thresholds, maybe none) and probabilities; for numbers, value. familiarity is the \
            share of texts like those of training that are as far from them as this one or farther; outlier \
            says whether that is 0.05 or less, as of texts that belong to no class. A line is written as \
            soon as its text is classified, while more of the input is still to come.

            Texts are held to the rules of training: an empty one, or one with a NUL, ends the work \
            with exit code 65. With --skip-bad-rows {"error": ..., "line": ...} stands in the place of \
            its answer, so that answers stay in step with texts.

            With --format glue and --task the test files of GLUE or SuperGLUE are read, and files of \
            answers written as the benchmark takes them (MRPC.tsv, MNLI-m.tsv, BoolQ.jsonl).

            EXAMPLES
              echo "More towels, please" | knas predict runs/front-desk
              knas predict runs/mrpc/model pairs.tsv > answers.jsonl
              knas predict runs/front-desk mails.csv --text body --skip-bad-rows
              echo "More towels, please" | knas predict runs/front-desk --explain
              echo "Is it far?" | knas predict runs/front-desk --abstain 0.05
              knas predict runs/mrpc --task mrpc --data MRPC --format glue
              tail -f log.jsonl | knas predict runs/front-desk --format jsonl --text message
            """)
    @OptionGroup var model: ModelOptions
    @Argument(
        help: "A file, also a named pipe or /dev/stdin; - or nothing is standard input.")
    var file = "-"
    @Option(
        help: """
            What is read: text (one on each line), csv, tsv (with a header), jsonl, or glue: the test files \
            of --task.
            """)
    var format: PredictFormat?
    @Option(help: "The column, or key, of the text (default: text).")
    var text: String?
    @Option(help: "The column, or key, of the second text, for models of pairs (default: pair).")
    var pair: String?
    @Flag(help: "Answer a bad row with an error in its place instead of stopping.")
    var skipBadRows = false
    @Flag(help: "Also print every class's logit.")
    var logits = false
    @Flag(
        help: ArgumentHelp(
            "Also print what each word adds to the answer.",
            discussion: """
                In nats of the log-odds of the answer's class; the words' contributions add up to the \
                difference to a text without words. Takes about 12 classifications a word.
                """))
    var explain = false
    @Option(
        help: ArgumentHelp(
            "Also print the classes that remain when at most this share of texts may be answered wrong.",
            discussion: """
                In "set"; "label" is null where not exactly one remains. For numbers, "interval". The \
                promise holds for texts like those of training. Example: 0.05.
                """, valueName: "share"))
    var abstain: Double?
    @OptionGroup(title: "Submission") var submission: SubmissionArguments
    @OptionGroup var precision: PrecisionOptions
    @OptionGroup var threads: ThreadOptions
    @OptionGroup var global: GlobalOptions

    /// Texts that are classified before their answers are written.
    private static let batch = 512

    func validate() throws {
        let others = [
            (file != "-", file), (text != nil, "--text"), (pair != nil, "--pair"),
            (logits, "--logits"), (explain, "--explain"),
            (abstain != nil, "--abstain"),
        ]
        try submission.check(for: format, others: others.filter(\.0).map(\.1))
        guard chosenFormat == .text, text != nil || pair != nil else { return }
        throw ValidationError("--text and --pair name columns: give --format csv, tsv or jsonl")
    }

    private var chosenFormat: TextRows.Format {
        if let rows = format?.rows { return rows }
        return TextRows.Format(fileName: file, namesColumns: text != nil || pair != nil)
    }

    func run() throws {
        if format == .glue {
            return try submission.write(
                model: model.model, skipBadRows: skipBadRows, global, load)
        }
        // A file that is not there is reported before a model is loaded.
        let source = try InputSource(file)
        let classifier = try load()
        if let abstain { try classifier.checkAbstaining(abstain) }
        if pair != nil, !classifier.takesPairs {
            throw ModelError.wrongInput(reason: "--pair is for models of pairs of texts")
        }
        var rows = TextRows(
            chosenFormat, name: source.name, text: text ?? "text",
            pair: classifier.takesPairs ? pair ?? "pair" : nil)
        var bad = 0
        var isLast = false
        while !isLast {
            let bytes = try Interruption.whileWaiting { try source.next() }
            isLast = bytes.isEmpty
            let ready = try namingOptions { try rows.add(bytes, isLast: isLast) }
            for part in (0..<ready.count).pieces(of: Self.batch) {
                bad += try answer(ready[part], classifier, source.name)
                if Interruption.isRequested { throw Interrupted() }
            }
        }
        if bad > 0 {
            global.console.note(
                "warning: \(source.name): \(bad) bad \(bad == 1 ? "row" : "rows"), each answered "
                    + "with an error")
        }
    }

    private func load() throws -> TextClassifier {
        try TextClassifier(
            contentsOf: try model.url(), encoder: try model.encoderURL(),
            precision: precision.precision, threads: threads.threads)
    }

    /// Where a column is missing, says which option names it.
    private func namingOptions<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as TaskError {
            guard case .headerLacksColumn(_, _, let role, _, _, _) = error else {
                throw error
            }
            throw ModelError.wrongInput(
                reason: "\(error); --\(role == "pair" ? role : "text") names the column")
        }
    }

    /// Classifies rows and writes the answers.
    /// - Returns: the number of bad rows.
    private func answer(
        _ rows: ArraySlice<TextRows.Row>, _ classifier: TextClassifier, _ name: String
    ) throws -> Int {
        var inputs: [TextClassifier.Input] = []
        var bad: [(place: Int, Failure)] = []
        for row in rows {
            switch row {
            case .text(_, let text, let pair):
                inputs.append(TextClassifier.Input(text, pair: pair))
            case .bad(let line, let column, let reason):
                let place = inputs.count + bad.count
                bad.append((place, Failure(line, column, reason)))
            }
            if !bad.isEmpty, !skipBadRows { break }
        }
        var lines = try answers(inputs, classifier).map { try JSONEncoder.compact.encode($0) }
        if !skipBadRows, let (_, failure) = bad.first {
            try Self.write(lines)
            throw ModelError.wrongInput(reason: failure.description(of: name))
        }
        for (place, failure) in bad {
            lines.insert(try JSONEncoder.compact.encode(failure), at: place)
        }
        try Self.write(lines)
        return bad.count
    }

    private func answers(
        _ inputs: [TextClassifier.Input], _ classifier: TextClassifier
    ) throws -> [Answer] {
        guard explain else {
            return try classifier.classify(inputs, abstain: abstain).map {
                Answer($0, classifier.labels, logits: logits)
            }
        }
        return try inputs.map { input in
            if Interruption.isRequested { throw Interrupted() }
            let explanation = try classifier.explain(input, abstain: abstain)
            var answer = Answer(explanation.classification, classifier.labels, logits: logits)
            answer.explanation = Reasons(explanation)
            return answer
        }
    }

    private static func write(_ lines: [Data]) throws {
        let text = lines.reduce(into: Data()) { $0 += $1 + Data("\n".utf8) }
        try text.withUnsafeBytes { try StandardStreams.write($0) }
    }

    private struct Answer: Encodable {
        /// With one class a text; likewise `probability`.
        let label: String?
        /// The classes that remain with `--abstain`; where not exactly one does, the label is `null`.
        let set: [String]?
        let probability: Float?
        /// With several labels a text.
        let labels: [String]?
        /// With classes or labels.
        let probabilities: [String: Float]?
        /// With a number.
        let value: Double?
        /// With `--abstain`: its lower and upper end.
        let interval: [Double]?
        /// The share of texts like those of training that are as far from them or farther.
        let familiarity: Double?
        /// Whether that is 0.05 or less.
        let outlier: Bool?
        let logits: [String: Float]?
        var explanation: Reasons?

        init(_ result: TextClassifier.Classification, _ labels: [String], logits wanted: Bool) {
            func byName(_ values: [Float]) -> [String: Float] {
                Dictionary(zip(labels, values)) { first, _ in first }
            }
            let isClass = result.labels == nil && result.value == nil
            label = isClass ? result.answer : nil
            set = result.set
            interval = result.interval.map { [$0.lowerBound, $0.upperBound] }
            familiarity = result.familiarity.map { ($0 * 10_000).rounded() / 10_000 }
            outlier = result.familiarity.map { _ in result.isOutlier }
            probability = isClass ? result.probability : nil
            self.labels = result.labels
            value = result.value
            probabilities = result.value == nil ? byName(result.probabilities) : nil
            logits = wanted && result.value == nil ? byName(result.logits) : nil
        }

        private enum CodingKeys: String, CodingKey {
            case label, set, probability, labels, probabilities, value, interval, familiarity,
                outlier
            case logits, explanation
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            // A model that abstains says so.
            if set != nil {
                try container.encode(label, forKey: .label)
            } else {
                try container.encodeIfPresent(label, forKey: .label)
            }
            try container.encodeIfPresent(set, forKey: .set)
            try container.encodeIfPresent(probability, forKey: .probability)
            try container.encodeIfPresent(labels, forKey: .labels)
            try container.encodeIfPresent(probabilities, forKey: .probabilities)
            try container.encodeIfPresent(value, forKey: .value)
            try container.encodeIfPresent(interval, forKey: .interval)
            try container.encodeIfPresent(familiarity, forKey: .familiarity)
            try container.encodeIfPresent(outlier, forKey: .outlier)
            try container.encodeIfPresent(logits, forKey: .logits)
            try container.encodeIfPresent(explanation, forKey: .explanation)
        }
    }

    /// What the words of a text add to its answer.
    private struct Reasons: Encodable {
        let logOdds: Double
        let logOddsWithoutWords: Double
        let words: [TextClassifier.Explanation.Word]

        init(_ explanation: TextClassifier.Explanation) {
            logOdds = explanation.logOdds
            logOddsWithoutWords = explanation.logOddsWithoutWords
            words = explanation.words
        }
    }

    /// What stands in the place of an answer.
    private struct Failure: Encodable {
        let error: String
        let line: Int

        init(_ line: Int, _ column: BadRow.Column?, _ reason: BadRow.Reason) {
            error = (column.map { "\($0): " } ?? "") + "\(reason)"
            self.line = line
        }

        func description(of name: String) -> String { "\(name), line \(line): \(error)" }
    }
}
