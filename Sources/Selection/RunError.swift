import Metrics
import Support

/// Errors of a run.
public enum RunError: DiagnosedError, Equatable {
    /// A split that the run needs has no rows.
    case emptySplit(task: String, split: String)
    /// A list of candidates that cannot be read.
    case badCandidates(path: String, line: Int, reason: String)
    /// There are too few rows for a piece of work.
    case fewRows(task: String, found: Int, needed: String)
    /// Something is asked for that has no meaning, or is not known to work, without one class a row.
    case needsClasses(what: String, task: String, found: TargetKind)
    /// A run is to end with what there is, and there is no head that may answer.
    case nothingFinished

    public var kind: ErrorKind {
        switch self {
        case .emptySplit, .badCandidates, .fewRows: .badInput
        case .needsClasses, .nothingFinished: .usage
        }
    }

    /// The error for a user.
    public var description: String {
        switch self {
        case .emptySplit(let task, let split): "task \(task): the \(split) split has no rows"
        case .badCandidates(let path, let line, let reason): "\(path):\(line): \(reason)"
        case .fewRows(let task, let found, let needed):
            "task \(task): \(found) different rows to learn from, \(needed)"
        case .needsClasses(let what, let task, let found):
            "\(what) is for tasks with one class a row; the rows of \(task) have \(found.answer)"
        case .nothingFinished:
            "no head that may answer is trained to the end yet: go on without --finish"
        }
    }
}
