/// How far a long piece of work has come.
public struct WorkProgress: Sendable, Equatable {
    /// What is being done, e.g. `"features"`.
    public var stage: String
    /// Units that are finished.
    public var completed: Int
    /// Total units.
    public var total: Int
    /// What a unit is, e.g. `"sentences"`.
    public var unit: String
    /// Anything worth showing next to the count, e.g. the best accuracy so far.
    public var detail: String

    public init(
        stage: String, completed: Int, total: Int, unit: String, detail: String = ""
    ) {
        self.stage = stage
        self.completed = completed
        self.total = total
        self.unit = unit
        self.detail = detail
    }
}

/// What a receiver of ``WorkProgress`` wants to happen next.
public enum ProgressResponse: Sendable {
    case more
    case stop
}

/// Receives progress, possibly from several threads at once, and may ask for a stop, which the work
/// answers by throwing ``Interrupted``. Only the command line prints.
public typealias ProgressHandler = @Sendable (WorkProgress) -> ProgressResponse

extension WorkProgress {
    /// Reports to a handler.
    /// - Throws: ``Interrupted`` when the handler asks for a stop.
    public func report(to handler: ProgressHandler?) throws {
        if let handler, handler(self) == .stop { throw Interrupted() }
    }
}
