import Foundation
import Support

/// What a data file, or a directory of them, means as a task: its columns guessed from names and contents,
/// and splits carved out where there are no files for them.
///
///     let guess = try TaskGuess(URL(fileURLWithPath: "messages.csv"))
///     print(guess.definition.guess.joined(separator: "\n"))
///     let dataset = try Dataset.load(guess.definition, dataDirectory: nil)
///
/// A guess is never silent, and what could be meant in two ways is an error.
public struct TaskGuess: Sendable {
    /// The task; its ``TaskDefinition/guess`` says what was guessed, with three rows, and what to type
    /// where that is wrong.
    public let definition: TaskDefinition

    /// The share of rows that is set aside for test where no file is given.
    static let testShare = 0.2
    /// The same for dev.
    static let devShare = 0.1
    private static let shownRows = 3

    /// Reads a file, or a directory with class folders or with files named after the splits.
    /// - Throws: ``TaskError``; `FileError`.
    /// - Complexity: O(bytes of the file).
    public init(_ url: URL, _ options: DataFileOptions = DataFileOptions()) throws {
        if TaskLocator.isDirectory(url.path) {
            self = try DirectoryGuess(url).guess(options)
        } else {
            try self.init(file: url, name: TaskLocator.stem(of: url), options)
        }
    }

    /// - Parameter more: what else to say.
    init(file url: URL, name: String, _ options: DataFileOptions, more: [String] = []) throws {
        let table = try TableProfile(url)
        let roles = try ColumnRoles(table, options)
        let file = url.lastPathComponent
        let others = (options.dev + options.test).map { DataFormat(fileName: $0) }
        let isImplied =
            DataFormat(fileName: file) == table.format && others.allSatisfy { $0 != nil }
        let standard: Delimiter = table.format == .tsv ? .tab : .comma
        var definition = TaskDefinition(
            url: url, name: Self.name(name), train: [file],
            dev: Self.source(options.dev, Self.devShare),
            test: Self.source(options.test, Self.testShare), columns: roles.columns,
            format: isImplied ? nil : table.format,
            delimiter: table.delimiter == standard ? nil : table.delimiter,
            hasHeader: table.hasHeader)
        definition.target = roles.content.kind
        definition.separator = roles.content.separator
        definition.guess =
            Self.lines(table, roles, file: file) + more
            + [Self.splits(options), Self.way]
        self.definition = definition
    }

    init(_ definition: TaskDefinition) { self.definition = definition }

    static func source(_ files: [String], _ share: Double) -> TaskDefinition.Source {
        files.isEmpty
            ? .carvedFromTrain(TaskDefinition.Sample(.fraction(share)))
            : .files(
                files.map { URL(fileURLWithPath: $0).standardizedFileURL.path })
    }

    /// A name that a task may have.
    static func name(_ text: String) -> String {
        let plain = String(
            String.UnicodeScalarView(
                text.unicodeScalars.map {
                    $0.properties.isAlphabetic || "0123456789-_. ".unicodeScalars.contains($0)
                        ? $0 : "-"
                }))
        let name = plain.drop { $0 == "." }
        return name.isEmpty ? "task" : String(name)
    }

    // MARK: For people

    private static func lines(
        _ table: TableProfile, _ roles: ColumnRoles, file: String
    ) -> [String] {
        func column(_ profile: ColumnProfile) -> String {
            profile.name.isEmpty
                ? "a column without a name"
                : table.hasHeader ? "`\(profile.name.excerpt)`" : "column \(profile.name)"
        }
        let kind =
            table.format.rawValue.uppercased()
            + (table.delimiter.map { $0 == .comma || table.format == .tsv ? "" : " with \($0)" }
                ?? "")
            + (table.hasHeader ? "" : " without a header")
        let texts =
            roles.pair.map { "the texts are \(column(roles.text)) and \(column($0))" }
            ?? "the text is \(column(roles.text))"
        var lines = [
            "\(file): \(table.rowCount) rows, \(kind); \(texts), the label is "
                + "\(column(roles.label)) (\(roles.content.summary(of: roles.label)))"
        ]
        lines += examples(table, roles)
        let used = [roles.text.name, roles.pair?.name, roles.label.name]
        // Spreadsheets leave columns at the end with nothing in them.
        let rest = table.columns.filter {
            !used.contains($0.name) && !($0.name.isEmpty && $0.filled == 0)
        }
        if !rest.isEmpty {
            lines.append(
                "not read: "
                    + rest.prefix(8).map { "\(column($0)) (\($0.summary))" }
                    .joined(separator: ", ") + (rest.count > 8 ? " and more" : ""))
        }
        if let named = rest.first(where: namesSplits) {
            lines.append(
                "\(column(named)) seems to name splits, which are files here: write its rows to files "
                    + "and name them with --test and --dev")
        }
        return lines
    }

    /// Whether a column says of each row which split it belongs to.
    private static func namesSplits(_ column: ColumnProfile) -> Bool {
        (2...4).contains(column.distinct)
            && column.byFrequency.allSatisfy {
                ["train", "test", "dev", "val", "valid", "validation", "training", "testing"]
                    .contains($0.value.lowercased())
            }
    }

    /// Three rows, of different classes where there are.
    private static func examples(_ table: TableProfile, _ roles: ColumnRoles) -> [String] {
        func cell(_ row: [String], _ profile: ColumnProfile) -> String {
            table.columns.firstIndex { $0.name == profile.name }.map { row[$0] } ?? ""
        }
        let good = table.rows.filter {
            !cell($0, roles.text).isBlank && !cell($0, roles.label).isBlank
        }
        var seen: Set<String> = []
        let isFirst = good.map { seen.insert(cell($0, roles.label)).inserted }
        let order = zip(good, isFirst).filter(\.1) + zip(good, isFirst).filter { !$0.1 }
        return order.prefix(shownRows).map(\.0).map { row in
            "  \(cell(row, roles.label).excerpt): \(cell(row, roles.text).excerpt)"
                + (roles.pair.map { " | \(cell(row, $0).excerpt)" } ?? "")
        }
    }

    /// Where dev and test come from.
    static func splits(_ options: DataFileOptions) -> String {
        func text(_ name: String, _ files: [String], _ share: Double) -> String {
            files.isEmpty
                ? "\(name): \(Int(share * 100)) % of the rows"
                : "\(name): "
                    + files.map { URL(fileURLWithPath: $0).lastPathComponent.excerpt }
                    .joined(separator: ", ")
        }
        let isCarved = options.test.isEmpty || options.dev.isEmpty
        return text("test", options.test, testShare) + "; " + text("dev", options.dev, devShare)
            + (isCarved
                ? "; set aside class by class, rows that share a text stay together" : "")
            + (options.test.isEmpty ? "; --test FILE where test rows are in a file" : "")
    }

    private static let way =
        "if that is wrong: --text COLUMN, --label COLUMN, --pair COLUMN for a second text, --target class, "
        + "labels or number for what labels are; knas task init writes a task file to change"
}

extension TaskDefinition {
    /// A task that says nothing but where its rows are.
    init(
        url: URL, name: String, train: [String], dev: Source, test: Source, columns: Columns,
        format: DataFormat?, delimiter: Delimiter? = nil, hasHeader: Bool = true,
        labels: [TaskLabel]? = nil
    ) {
        self.init(
            url: url, name: name, description: "", source: "", format: format,
            delimiter: delimiter, hasHeader: hasHeader, columns: columns, labels: labels,
            positive: nil, metrics: nil, pairing: columns.pair == nil ? nil : .siamese,
            train: train, dev: dev, test: test, limit: nil, maximumTokens: nil,
            metricsPlace: Place(line: 1, column: 1))
    }
}
