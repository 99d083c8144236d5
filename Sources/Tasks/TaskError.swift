import Support

/// What can be wrong with a task and its data files.
public enum TaskError: DiagnosedError, Equatable {
    /// A mistake in the task file; line and column from 1.
    case definition(path: String, line: Int, column: Int, problem: String)
    /// No task has that name; `found` are the tasks in the directories searched.
    case unknownTask(name: String, searched: [String], found: [String], suggestion: String?)
    /// A directory was given for a task: it holds no task file, or several.
    case noTaskFile(directory: String, found: [String])
    /// A data file whose columns cannot be guessed; `advice` are options to choose from, as typed.
    case guess(path: String, problem: String, advice: [String])
    /// An option names a column that a data file does not have.
    case noColumn(path: String, option: String, name: String, found: [String], suggestion: String?)
    /// A data file is not where it is expected. `source` says where to get the data; `expected` are
    /// all files of the task.
    case missingFile(
        path: String, task: String, split: Split, expected: [String], source: String,
        dataDirectoryGiven: Bool)
    /// A file is not text, but of a kind that its first bytes tell; `advice` is what can be done.
    case fileKind(path: String, found: String, advice: String)
    /// A gzip file that is cut short, damaged, or becomes too large.
    case compressed(path: String, problem: String)
    /// The file of a split has no bytes.
    case emptyFile(path: String, split: Split)
    /// No row could be used; `skipped` is how many were bad, `first` the first of those.
    case noRows(path: String, split: Split, skipped: Int, first: BadRow?)
    /// The header itself cannot be read.
    case badHeader(path: String, line: Int, problem: String)
    /// A column of the task is not in the header; `role` is its key in the task file, `found` what
    /// the header has.
    case headerLacksColumn(
        path: String, line: Int, role: String, column: String, found: [String], suggestion: String?)
    /// A column of the task appears twice in the header.
    case headerRepeatsColumn(path: String, line: Int, column: String)
    /// Two rows of a benchmark's test file have the same index; `first` and `second` are their lines.
    case indexTwice(path: String, index: String, first: Int, second: Int)
    /// A column number of a headerless file lies beyond its first row.
    case columnOutOfRange(path: String, line: Int, role: String, number: Int, columns: Int)
    /// The bad rows of all files, the first ten thousand of each, and how many there are; none was
    /// skipped.
    case badRows([BadRow], total: Int)
    /// All training rows have the same label.
    case oneClass(path: String, label: String)
    /// Training rows that may have several labels have one at most, or none.
    case oneLabel(path: String, label: String?)
    /// All training rows have the same number.
    case oneNumber(path: String, number: Double)
    /// Classes of the task's list that have no row in train; `unlisted` are labels of train that are
    /// not in the list, the most frequent first, with the class that each is nearest to.
    case classesWithoutRows(path: String, labels: [String], unlisted: [UnlistedLabel])
    /// A task without `labels` whose label column has too many values to be classes.
    case tooManyClasses(path: String, column: String, found: Int, limit: Int)
    /// Two splits read the same file, or files with the same content.
    case sameData(first: Split, firstPath: String, second: Split, secondPath: String)
    /// More rows are wanted from train than it can give.
    case carveOutTooLarge(path: String, split: Split, wanted: Int, available: Int)
    /// No class has a second row: nothing can be set aside.
    case oneRowOfEach(path: String, split: Split, rows: Int)
    /// The limit is less than one row per class.
    case limitTooSmall(task: String, rows: Int, classes: Int)
    /// `positive` is not a class in the data.
    case unknownPositive(task: String, found: String, known: [String])

    /// A label in the data that the task's list does not have.
    public struct UnlistedLabel: Sendable, Hashable, CustomStringConvertible {
        /// As it is in the data.
        public let value: String
        /// How many rows have it.
        public let rows: Int
        /// The class of the list that is probably meant.
        public let suggestion: String?

        public var description: String {
            let hint = suggestion.map { "; is it the class `\($0.excerpt)`?" } ?? ""
            return "\(rows) \(rows == 1 ? "row has" : "rows have") the label `\(value.excerpt)`, "
                + "which is not listed" + hint
        }
    }

    /// Exit code 66 for a missing file, 64 for an unknown task, else 65.
    public var kind: ErrorKind {
        switch self {
        case .missingFile, .noTaskFile: .missingFile
        case .unknownTask, .noColumn: .usage
        default: .badInput
        }
    }

    public var description: String {
        switch self {
        case .definition(let path, let line, let column, let problem):
            return "\(path):\(line):\(column): \(problem)"
        case .unknownTask(let name, let searched, let found, let suggestion):
            let places = searched.isEmpty ? "" : " in \(searched.joined(separator: ", "))"
            let hint = suggestion.map { "; did you mean `\($0)`?" } ?? ""
            let known =
                found.isEmpty
                ? "there are no tasks there" : "tasks there: \(found.joined(separator: ", "))"
            return "no task `\(name.excerpt)`\(places)\(hint) (\(known))"
        case .noTaskFile(let directory, let found):
            return
                "\(directory) is a directory, expected a task file (.yml) in it, class folders with "
                + "text files, or a data file named train; "
                + (found.isEmpty
                    ? "there is none in it" : "there are \(found.joined(separator: ", ")) in it")
        case .guess(let path, let problem, let advice):
            let lines = advice.prefix(8).enumerated().map { place, options in
                (place == 0 ? "type " : "  or ") + options
            }
            return (["\(path): \(problem)"] + lines).joined(separator: "\n")
        case .noColumn(let path, let option, let name, let found, let suggestion):
            let names = found.prefix(20).map { "`\($0.excerpt)`" }.joined(separator: ", ")
            let more = found.count > 20 ? " and \(found.count - 20) more" : ""
            return "\(option) is `\(name.excerpt)`, which is not a column of \(path); it has "
                + "\(names)\(more)" + (suggestion.map { "; did you mean `\($0.excerpt)`?" } ?? "")
        case .missingFile(let path, let task, let split, let expected, let source, let given):
            var text =
                "\(path): no such file; task \(task) reads its \(split.rawValue) rows from it"
            text += given ? "" : "; name the directory of the files with --data"
            text += " (files of the task: \(expected.joined(separator: ", ")))"
            return source.isEmpty ? text : text + "\nsource of the data: \(source)"
        case .fileKind(let path, let found, let advice):
            return "\(path): this is \(found), not the text of a table; \(advice)"
        case .compressed(let path, let problem):
            return "\(path): this is gzip, but \(problem)"
        case .emptyFile(let path, let split):
            return "\(path): the file of split \(split.rawValue) is empty"
        case .noRows(let path, let split, let skipped, let first):
            var text = "\(path): split \(split.rawValue) has no rows"
            if skipped > 0 { text += "; \(skipped) bad rows were skipped" }
            return text + (first.map { ", the first: \($0)" } ?? "")
        case .badHeader(let path, let line, let problem):
            return "\(path):\(line): the header cannot be read: \(problem)"
        case .headerLacksColumn(let path, let line, let role, let column, let found, let near):
            let names = found.prefix(20).map { "`\($0.excerpt)`" }.joined(separator: ", ")
            let more = found.count > 20 ? " and \(found.count - 20) more" : ""
            return "\(path):\(line): the header lacks the column `\(column.excerpt)` "
                + "(columns.\(role)); it has \(names)\(more)"
                + (near.map { "; did you mean `\($0.excerpt)`?" } ?? "")
        case .headerRepeatsColumn(let path, let line, let column):
            return "\(path):\(line): the column `\(column.excerpt)` appears twice in the header"
        case .indexTwice(let path, let index, let first, let second):
            return "\(path):\(second): the index `\(index.excerpt)` is that of line \(first), too"
        case .columnOutOfRange(let path, let line, let role, let number, let columns):
            return "\(path):\(line): columns.\(role) is column \(number), but the first row has "
                + "\(columns) columns"
        case .badRows(let rows, let total): return Self.describe(rows, total)
        case .oneClass(let path, let label):
            return "\(path): one-class train set: every row has the label `\(label.excerpt)`; "
                + "two classes or more are needed"
        case .oneLabel(let path, let label):
            return "\(path): "
                + (label.map { "the only label of the training rows is `\($0.excerpt)`" }
                    ?? "no training row has a label")
                + "; two labels or more are needed"
        case .oneNumber(let path, let number):
            return "\(path): every training row has the number \(number); there is nothing to learn"
        case .classesWithoutRows(let path, let labels, let unlisted):
            let names = labels.prefix(20).map { "`\($0.excerpt)`" }.joined(separator: ", ")
            var text =
                "\(path): no training rows for \(labels.count) of the listed classes: \(names)"
            for label in unlisted.prefix(5) {
                text += "; \(label)"
            }
            return text
        case .tooManyClasses(let path, let column, let found, let limit):
            return "\(path): the label column `\(column.excerpt)` has \(found) different values, "
                + "more than \(limit); is it the right column? If so, list them under `labels`"
        case .sameData(let first, let firstPath, let second, let secondPath):
            return "splits \(first.rawValue) and \(second.rawValue) read the same rows, so "
                + "one leaks into the other: \(firstPath)"
                + (firstPath == secondPath ? "" : " and \(secondPath) have the same content")
        case .oneRowOfEach(let path, let split, let rows):
            return
                "\(path): no class has two rows (there are \(rows) rows to learn from): expected two at least, "
                + "one to learn from and one for \(split.rawValue), to try what was learnt"
        case .carveOutTooLarge(let path, let split, let wanted, let available):
            return "\(path): cannot carve \(wanted) rows out for \(split.rawValue): at most "
                + "\(available) are available if every class keeps a row in train"
        case .limitTooSmall(let task, let rows, let classes):
            return "task \(task): a limit of \(rows) rows is less than one for each of the "
                + "\(classes) classes"
        case .unknownPositive(let task, let found, let known):
            let names = known.map { "`\($0.excerpt)`" }.joined(separator: ", ")
            return "task \(task): `positive` is `\(found.excerpt)`; expected one of \(names)"
        }
    }

    /// The most bad rows that a message lists.
    public static let listedBadRows = 20

    private static func describe(_ rows: [BadRow], _ total: Int) -> String {
        var lines = [total == 1 ? "1 bad row:" : "\(total) bad rows:"]
        lines += rows.prefix(listedBadRows).map { "  \($0)" }
        if total > listedBadRows {
            lines.append("  and \(total - listedBadRows) more")
        }
        lines += rows.encodingHints
        lines.append("Correct them, or skip them with --skip-bad-rows.")
        return lines.joined(separator: "\n")
    }
}
