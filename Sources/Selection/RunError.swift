import Support

/// Errors of a run.
public enum RunError: DiagnosedError, Equatable {
    /// A split that the run needs has no rows.
    case emptySplit(task: String, split: String)
    /// A list of candidates that cannot be read.
    case badCandidates(path: String, line: Int, reason: String)

    /// Bad input.
    public var kind: ErrorKind { .badInput }

    /// The error for a user.
    public var description: String {
        switch self {
        case .emptySplit(let task, let split): "task \(task): the \(split) split has no rows"
        case .badCandidates(let path, let line, let reason): "\(path):\(line): \(reason)"
        }
    }
}
