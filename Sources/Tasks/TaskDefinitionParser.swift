import Foundation
import Metrics
import Yams

/// Makes a ``TaskDefinition`` from a YAML document.
struct TaskDefinitionParser {
    private let url: URL
    private let path: String
    private let top: YAMLMapping

    init(url: URL) throws {
        let document = try YAMLDocument(url)
        self.url = url
        path = document.path
        top = try YAMLMapping(
            document.root, path: path, subject: "",
            keys: [
                "name", "description", "source", "format", "delimiter", "header", "columns",
                "splits",
                "labels",
                "positive", "multi-label", "separator", "target", "metrics", "pairing", "limit",
                "max-tokens", "rows", "submissions",
            ])
    }

    func definition() throws -> TaskDefinition {
        let format = try top.choice("format", DataFormat.self)
        let columns = try columns(format)
        let (train, dev, test) = try splits()
        let labels = try labels()
        let hasHeader = try top.boolean("header") ?? true
        let definition = TaskDefinition(
            url: url,
            name: try name(),
            description: try top.string("description") ?? "",
            source: try top.string("source") ?? "",
            format: format,
            delimiter: try delimiter(),
            hasHeader: hasHeader,
            columns: columns,
            labels: labels,
            positive: try top.string("positive"),
            metrics: try metrics(),
            pairing: try pairing(columns),
            train: train, dev: dev, test: test,
            limit: try limit(classes: labels?.count ?? 2),
            maximumTokens: try top.integer("max-tokens", atLeast: 8),
            submissions: try top["submissions"].map {
                try TaskDefinition.Submission.list(
                    $0, path: path, columns: columns, hasHeader: hasHeader)
            } ?? [],
            publishedRows: try top["rows"].map {
                try TaskDefinition.publishedRows($0, path: path, dev: dev, test: test)
            } ?? [:],
            metricsPlace: top.place(of: "metrics"), target: try target(),
            separator: try separator())
        try check(definition)
        try checkTarget(definition)
        return definition
    }

    private func name() throws -> String {
        let name = try top.string("name") ?? url.deletingPathExtension().lastPathComponent
        // The name becomes part of file names.
        guard !name.hasPrefix("."),
            name.unicodeScalars.allSatisfy({
                $0.properties.isAlphabetic || "0123456789-_. ".unicodeScalars.contains($0)
            })
        else {
            throw top.wrong("name", expected: "letters, digits, spaces, -, _ and .", found: name)
        }
        return name
    }

    private func columns(_ format: DataFormat?) throws -> TaskDefinition.Columns {
        if format == .folders { return ClassFolders.columns }
        guard let node = top["columns"] else { throw top.missing("columns") }
        let map = try YAMLMapping(
            node, path: path, subject: "columns", keys: ["text", "pair", "label"])
        guard let text = try map.list("text", of: "a column") else { throw map.missing("text") }
        var columns = TaskDefinition.Columns(
            text: "", pair: nil, label: try map.requiredString("label"))
        columns.setText(text)
        if let pair = try map.list("pair", of: "a column") { columns.setPair(pair) }
        // A column may come before both texts.
        let texts = columns.textColumns + columns.pairColumns
        guard columns.text != columns.pair, !texts.contains(columns.label) else {
            throw map.error(at: "label", "`columns` names the same column twice")
        }
        return columns
    }

    private func delimiter() throws -> Delimiter? {
        guard let node = top["delimiter"] else { return nil }
        let expected =
            "one character such as \";\", or comma, semicolon, tab or pipe"
        // A tab by itself is white space, which other keys take for nothing.
        if case .scalar(let scalar) = node, let delimiter = Delimiter(scalar.string) {
            return delimiter
        }
        let text = try YAMLMapping.text(
            of: node, path: path, subject: "delimiter", expected: expected)
        throw top.wrong("delimiter", expected: expected, found: text)
    }

    private func splits() throws -> ([String], TaskDefinition.Source, TaskDefinition.Source) {
        guard let node = top["splits"] else { throw top.missing("splits") }
        let map = try YAMLMapping(
            node, path: path, subject: "splits", keys: Split.allCases.map(\.rawValue))
        guard let trainNode = map["train"] else { throw map.missing("train") }
        guard let testNode = map["test"] else {
            throw map.error(
                at: "",
                "the key `splits.test` is missing; without a file for it, rows of train can be set "
                    + "aside: `test: {from: train, fraction: 0.2}`")
        }
        let train = try fileNames(trainNode, "splits.train")
        let dev =
            try map["dev"].map { try source($0, "splits.dev") }
            ?? .carvedFromTrain(TaskDefinition.Sample(.fraction(0.1)))
        let test = try source(testNode, "splits.test")

        var seen: [String: String] = [:]
        for (key, source) in [("train", .files(train)), ("dev", dev), ("test", test)] {
            guard case .files(let files) = source else { continue }
            for file in files {
                guard let other = seen.updateValue(key, forKey: canonical(file)) else { continue }
                if other == key {
                    throw map.error(
                        at: key, "`splits.\(key)` names the file `\(file.excerpt)` twice")
                }
                throw map.error(
                    at: key,
                    "`splits.\(key)` and `splits.\(other)` are the same file: rows of one would "
                        + "leak into the other")
            }
        }
        return (train, dev, test)
    }

    private func canonical(_ file: String) -> String {
        URL(fileURLWithPath: "/" + file).standardizedFileURL.path
    }

    /// One name, or a list of them.
    private func fileNames(_ node: Node, _ subject: String) throws -> [String] {
        guard case .sequence(let items) = node else { return [try fileName(node, subject)] }
        guard !items.isEmpty else {
            throw YAMLMapping.error(path, node, "`\(subject)` must name a file or more, found none")
        }
        return try items.map { try fileName($0, subject) }
    }

    private func fileName(_ node: Node, _ subject: String) throws -> String {
        let text = try YAMLMapping.text(
            of: node, path: path, subject: subject, expected: "a file name or a list of them")
        guard !text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7f }) else {
            throw YAMLMapping.error(path, node, "`\(subject)` holds a control character")
        }
        return text
    }

    private func source(_ node: Node, _ subject: String) throws -> TaskDefinition.Source {
        guard case .mapping = node else { return .files(try fileNames(node, subject)) }
        let map = try YAMLMapping(
            node, path: path, subject: subject, keys: ["from", "fraction", "rows", "seed"])
        let from = try map.requiredString("from")
        guard from == "train" else { throw map.wrong("from", expected: "train", found: from) }
        let seed: UInt64 = try map.integer("seed", atLeast: 0) ?? 1
        let rows: Int? = try map.integer("rows", atLeast: 1)
        let fraction = try map.fraction("fraction")
        switch (fraction, rows) {
        case (let fraction?, nil):
            return .carvedFromTrain(TaskDefinition.Sample(.fraction(fraction), seed: seed))
        case (nil, let rows?):
            return .carvedFromTrain(TaskDefinition.Sample(.rows(rows), seed: seed))
        case (nil, nil):
            return .carvedFromTrain(TaskDefinition.Sample(.fraction(0.1), seed: seed))
        case (.some, .some):
            throw map.error(at: "rows", "`\(subject)` has both `fraction` and `rows`; keep one")
        }
    }

    private func labels() throws -> [TaskLabel]? {
        guard let node = top["labels"] else { return nil }
        guard case .sequence(let items) = node else {
            throw top.error(
                at: "labels",
                "`labels` must be a list of values, or of `value: name`, found \(node.kindName)")
        }
        var labels: [TaskLabel] = []
        // Every value and every name must identify one class.
        var taken: Set<String> = []
        for item in items {
            let label = try label(item)
            for text in Set([label.value, label.name]) where !taken.insert(text).inserted {
                throw YAMLMapping.error(
                    path, item, "`\(text.excerpt)` names two classes in `labels`")
            }
            labels.append(label)
        }
        guard labels.count >= 2 else {
            throw top.error(
                at: "labels", "`labels` must list two classes or more, found \(labels.count)")
        }
        return labels
    }

    private func label(_ node: Node) throws -> TaskLabel {
        func text(_ node: Node) throws -> String {
            try YAMLMapping.text(
                of: node, path: path, subject: "labels", expected: "a value or `value: name`"
            ).trimmingCharacters(in: .whitespacesAndNewlines)
        }
        guard case .mapping(let pairs) = node else { return TaskLabel(value: try text(node)) }
        guard pairs.count == 1, let (key, value) = pairs.first else {
            throw YAMLMapping.error(
                path, node, "an item of `labels` must be a value or one `value: name`")
        }
        return TaskLabel(value: try text(key), name: try text(value))
    }

    private func metrics() throws -> [Metric]? {
        guard let node = top["metrics"] else { return nil }
        guard case .sequence(let items) = node else {
            throw top.error(at: "metrics", "`metrics` must be a list, found \(node.kindName)")
        }
        guard !items.isEmpty else {
            throw top.error(at: "metrics", "`metrics` must name a metric or more, found none")
        }
        var metrics: [Metric] = []
        for item in items {
            let metric = try YAMLMapping.choice(
                item, path: path, subject: "metrics", Metric.self)
            guard !metrics.contains(metric) else {
                throw YAMLMapping.error(
                    path, item, "`\(metric.rawValue)` appears twice in `metrics`")
            }
            metrics.append(metric)
        }
        return metrics
    }

    private func pairing(_ columns: TaskDefinition.Columns) throws -> Pairing? {
        let pairing = try top.choice("pairing", Pairing.self)
        guard columns.pair == nil else { return pairing ?? .siamese }
        if pairing != nil {
            throw top.error(at: "pairing", "`pairing` needs a column `columns.pair`")
        }
        return nil
    }

    private func limit(classes: Int) throws -> TaskDefinition.Sample? {
        guard let node = top["limit"] else { return nil }
        guard case .mapping = node else {
            let rows: Int = try top.integer("limit", atLeast: classes) ?? classes
            return TaskDefinition.Sample(.rows(rows))
        }
        let map = try YAMLMapping(node, path: path, subject: "limit", keys: ["rows", "seed"])
        guard let rows: Int = try map.integer("rows", atLeast: classes) else {
            throw map.missing("rows")
        }
        return TaskDefinition.Sample(.rows(rows), seed: try map.integer("seed", atLeast: 0) ?? 1)
    }

    /// Checks that involve several keys.
    private func check(_ definition: TaskDefinition) throws {
        let formats = try definition.files.map { split, file in
            guard let format = definition.format ?? DataFormat(fileName: file) else {
                throw top.error(
                    at: "splits",
                    "the extension of `\(file.excerpt)` (split \(split.rawValue)) does not imply a "
                        + "format; set `format: tsv`, `csv`, `jsonl`, `json` or `folders`")
            }
            return format
        }
        if formats.allSatisfy({ $0 == .jsonl || $0 == .json }) {
            for key in ["header", "delimiter"] where top.has(key) {
                throw top.error(at: key, "`\(key)` has no meaning for jsonl and json; remove it")
            }
        }
        if definition.format == .folders {
            for key in ["columns", "header", "delimiter"] where top.has(key) {
                throw top.error(at: key, "`\(key)` has no meaning for class folders; remove it")
            }
        }
        if !definition.hasHeader {
            for column in definition.columns.names {
                guard let number = Int(column), number >= 1 else {
                    throw top.error(
                        at: "columns",
                        "with `header: false` a column is a number from 1, found "
                            + "`\(column.excerpt)`")
                }
            }
        }
        if let positive = definition.positive, let labels = definition.labels,
            !labels.contains(where: { $0.value == positive || $0.name == positive })
        {
            throw top.wrong(
                "positive", expected: "one of " + labels.map(\.name).joined(separator: ", "),
                found: positive)
        }
        try definition.checkF1()
    }

    // MARK: Targets

    private func target() throws -> TargetKind {
        let target = try top.choice("target", TargetKind.self)
        guard let several = try top.boolean("multi-label") else { return target ?? .oneClass }
        let meant = several ? TargetKind.labels : .oneClass
        guard target == nil || target == meant else {
            throw top.error(
                at: "multi-label",
                "`multi-label: \(several)` contradicts `target: \(target?.rawValue ?? "")`; keep one"
            )
        }
        return meant
    }

    private func separator() throws -> Character? {
        guard let node = top["separator"] else { return nil }
        let expected = "one character such as \";\""
        // A tab by itself is white space, which other keys take for nothing.
        if case .scalar(let scalar) = node, scalar.string.count == 1,
            let character = scalar.string.first, character == "\t" || !character.isWhitespace
        {
            return character
        }
        let text = try YAMLMapping.text(
            of: node, path: path, subject: "separator", expected: expected)
        throw top.wrong("separator", expected: expected, found: text)
    }

    /// Keys that mean nothing for the kind of targets.
    private func checkTarget(_ definition: TaskDefinition) throws {
        let useless: [(key: String, why: String)] =
            switch definition.target {
            case .oneClass: [("separator", "rows with several labels: set `multi-label: true`")]
            case .labels: [("positive", "rows with one class")]
            case .number:
                [
                    ("labels", "rows with classes, not numbers"),
                    ("positive", "rows with one class"),
                    ("separator", "rows with several labels"),
                ]
            }
        for (key, why) in useless where top.has(key) {
            throw top.error(at: key, "`\(key)` is for \(why)")
        }
        if let separator = definition.separator,
            let label = definition.labels?.first(where: { $0.value.contains(separator) })
        {
            throw top.error(
                at: "separator", "the label `\(label.value.excerpt)` holds the separator")
        }
        for metric in definition.metrics ?? []
        where !metric.applies(to: definition.target) {
            let fitting = Metric.allCases.filter { $0.applies(to: definition.target) }
            throw top.error(
                at: "metrics",
                "`\(metric.rawValue)` means nothing for `target: \(definition.target.rawValue)`; "
                    + "expected one of \(fitting.map(\.rawValue).joined(separator: ", "))")
        }
    }
}
