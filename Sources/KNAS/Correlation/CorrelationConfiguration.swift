import Scoring
import Support

/// Choices of a study of proxies against trained accuracy.
public struct CorrelationConfiguration: Sendable {
    /// Task, encoder, layers, scoring and training as in a search; heads are trained for
    /// `run.training.epochs` epochs. Results go to `run.run`.
    public var run: RunConfiguration
    /// Heads to draw and train.
    public var heads = 40
    /// Trainings of each head with different seeds; two or more show the ceiling.
    public var repeats = 1
    /// 1 trains on train and looks at dev; more is cross-validation over train and dev together; by
    /// default that is done where dev has fewer than 300 rows.
    public var folds: Int?
    /// Expressions to report beside every single proxy.
    public var votes: [ProxyExpression] = [.standard]
    /// Whether to go on with an interrupted study.
    public var resume = false

    /// A study with this project's standard choices, on the task of a run's configuration.
    public init(run: RunConfiguration) { self.run = run }

    /// Dev rows below which heads are compared by cross-validation.
    static let smallDev = 300
    /// Folds of that.
    static let standardFolds = 4

    /// - Throws: ``RunError/badOption(name:value:expected:)``.
    func check() throws {
        func require(_ ok: Bool, _ name: String, _ value: Int, _ expected: String) throws {
            guard ok else {
                throw RunError.badOption(name: name, value: "\(value)", expected: expected)
            }
        }
        try run.check()
        try require((3...100_000).contains(heads), "--heads", heads, "3 or more")
        try require((1...100).contains(repeats), "--repeats", repeats, "1 to 100")
        if let folds { try require((1...20).contains(folds), "--folds", folds, "1 to 20") }
    }
}

/// Errors of studies.
public enum CorrelationError: DiagnosedError, Equatable {
    /// The run's directory holds a study of other choices.
    case otherStudy(path: String)
    /// Too few heads could be trained to rank anything.
    case tooFewHeads(trained: Int)

    /// Always bad input.
    public var kind: ErrorKind { .badInput }

    /// The error for a user.
    public var description: String {
        switch self {
        case .otherStudy(let path):
            "\(path) belongs to a study with other options; use another --run, or the same options"
        case .tooFewHeads(let trained):
            "only \(trained) heads could be trained; correlations need 3"
        }
    }
}
