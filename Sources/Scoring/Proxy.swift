import Support

/// A training-free estimate of how well a head will do; higher is better.
///
/// To add one, write a type in its own file and list it in ``ProxyRegistry/all``.
public protocol Proxy: Sendable {
    /// Unique, as the command line knows it.
    var name: String { get }
    /// What it measures and who proposed it, in one line.
    var summary: String { get }
    /// Whether it reads a gradient kernel; such proxies come first, so others can use it.
    var readsKernel: Bool { get }
    /// Whether it reads ``HeadEvaluation/inputGradients``, which a pass for the kernel can give as well.
    var readsInputGradients: Bool { get }
    /// - Throws: ``ScoringError`` when the batch does not allow the computation.
    func score(_ head: HeadEvaluation) throws -> Double
}

extension Proxy {
    public var readsKernel: Bool { false }
    public var readsInputGradients: Bool { false }
}

/// The proxies that this program knows; one line each.
public enum ProxyRegistry {
    public static let all: [any Proxy] = [
        MeanGram(),
        MeanOutputGram(),
        MeanCosineGram(),
        KNASReleased(),
        KernelAlignment(),
        KernelRegression(),
        KernelLeaveOneOut(),
        GradientNorm(),
        SNIP(),
        GraSP(),
        SynFlow(),
        Fisher(),
        JacobianCovariance(),
        NASWOT(),
        NTKCondition(),
        ZiCo(),
        GradSign(),
        FLOPs(),
        ParameterCount(),
    ]

    /// - Throws: ``ScoringError/unknownProxy(name:known:)``.
    public static func find(_ name: String) throws -> any Proxy {
        guard let proxy = all.first(where: { $0.name == name }) else {
            throw ScoringError.unknownProxy(name: name, known: all.map(\.name))
        }
        return proxy
    }
}

/// Errors of scoring.
public enum ScoringError: DiagnosedError, Equatable {
    case unknownProxy(name: String, known: [String])
    case badExpression(text: String)
    case tooFewExamples(proxy: String, needed: Int, found: Int)
    case nonFinite(proxy: String)

    public var kind: ErrorKind {
        switch self {
        case .unknownProxy, .badExpression: .usage
        case .tooFewExamples: .badInput
        case .nonFinite: .internalError
        }
    }

    public var description: String {
        switch self {
        case .unknownProxy(let name, let known):
            "there is no proxy '\(name)'"
                + suggestion(for: name, in: known)
                + " (known: \(known.joined(separator: ", ")), vote(a, b, ...) of these, and learned)"
        case .badExpression(let text):
            "proxy '\(text)': expected a name, vote(name, name, ...) or learned"
        case .tooFewExamples(let proxy, let needed, let found):
            "\(proxy) needs \(needed) scoring examples, there are \(found)"
        case .nonFinite(let proxy): "\(proxy) is not finite"
        }
    }
}

/// What candidates are ranked by: one proxy, a sum of ranks, or what trained heads have taught.
public struct ProxyExpression: Sendable, Hashable, CustomStringConvertible {
    /// How the proxies' values become one number.
    enum Kind: Sendable, Hashable { case single, vote, learned }

    /// Names of the proxies that are read, in the order given.
    public let names: [String]
    let kind: Kind

    /// `vote(alignment, ntk-regression, mgm-cosine)`: what the kernel says about the labels, and
    /// how much gradients agree.
    public static let standard = ProxyExpression(
        names: ["alignment", "ntk-regression", "mgm-cosine"], kind: .vote)

    /// `learned`: ``LearnedRanking``.
    public static let learned = ProxyExpression(names: LearnedRanking.proxies, kind: .learned)

    private init(names: [String], kind: Kind) {
        self.names = names
        self.kind = kind
    }

    /// What was measured otherwise than by a registered proxy.
    public init(measured name: String) {
        self.init(names: [name], kind: .single)
    }

    /// Reads `name`, `vote(name, name, ...)` or `learned`.
    /// - Throws: ``ScoringError``.
    public init(_ text: String) throws {
        let compact = text.filter { !$0.isWhitespace }
        if compact.hasPrefix("vote("), compact.hasSuffix(")") {
            names = compact.dropFirst(5).dropLast().split(
                separator: ",", omittingEmptySubsequences: false
            ).map(String.init)
            kind = .vote
            guard Set(names).count == names.count else {
                throw ScoringError.badExpression(text: text)
            }
        } else if compact == Self.learned.description {
            self = .learned
        } else {
            names = [compact]
            kind = .single
        }
        guard !names.contains("") else { throw ScoringError.badExpression(text: text) }
        for name in names { _ = try ProxyRegistry.find(name) }
    }

    public var description: String {
        switch kind {
        case .single: names[0]
        case .vote: "vote(\(names.joined(separator: ", ")))"
        case .learned: "learned"
        }
    }
}
