import Graphs

/// Where in a head an operation can go.
public enum Slot: Int, Sendable, CaseIterable, Comparable {
    /// Once, first: which of the encoder's layers are read, and how.
    case source
    /// Once: what the features become.
    case input
    /// Any number of times: tokens to tokens.
    case block
    /// Once: tokens to one row per sequence.
    case pooling
    /// Once, and only for pairs whose segments are separate: two rows to one.
    case interaction
    /// Once, last: one row to logits.
    case classifier

    public static func < (a: Slot, b: Slot) -> Bool { a.rawValue < b.rawValue }
}

/// One setting of an operation: its name and the values it can take.
public struct Choice: Sendable, Hashable {
    public let name: String
    public let values: [String]
    /// Used where a text leaves the choice out.
    public let standard: String

    public init(_ name: String, _ values: [String], standard: String? = nil) {
        precondition(!values.isEmpty && Set(values).count == values.count)
        self.name = name
        self.values = values
        self.standard = standard ?? values[0]
        precondition(values.contains(self.standard))
    }
}

/// The settings of one operation in a head.
public struct Settings: Sendable, Hashable {
    private let values: [String: String]

    init(_ values: [String: String]) { self.values = values }

    /// The value of a choice.
    /// - Precondition: the operation has this choice.
    public subscript(_ name: String) -> String {
        guard let value = values[name] else { preconditionFailure("no choice \(name)") }
        return value
    }

    /// The value of a choice as a number.
    public func integer(_ name: String) -> Int {
        guard let value = Int(self[name]) else { preconditionFailure("\(name) is no number") }
        return value
    }

    /// The value of a choice as a floating-point number.
    public func float(_ name: String) -> Float {
        guard let value = Float(self[name]) else { preconditionFailure("\(name) is no number") }
        return value
    }

    /// The same settings with one value changed.
    public func setting(_ name: String, to value: String) -> Settings {
        var copy = values
        copy[name] = value
        return Settings(copy)
    }
}

/// What a head is built for.
public struct HeadContext: Sendable, Hashable {
    /// Features per token, as the encoder gives them.
    public let inputWidth: Int
    /// Number of classes.
    public let classes: Int
    /// 2 if the segments of a pair are kept separate, else 1.
    public let segments: Int
    /// The encoder's layers that a head may read, ascending; their indices are the input slots.
    public let layers: [Int]
    /// The name of the view, which is an encoder, a pairing and the layers kept; `nil` where a
    /// search has only one. It begins the text of every head of the view.
    public let view: String?

    /// - Precondition: at least one layer, none twice; a view's name has none of `:(>` and no
    ///   white space.
    public init(
        inputWidth: Int, classes: Int, segments: Int, layers: [Int] = [1], view: String? = nil
    ) {
        precondition(!layers.isEmpty && Set(layers).count == layers.count)
        precondition(view?.contains { ":(>".contains($0) || $0.isWhitespace } != true)
        self.inputWidth = inputWidth
        self.classes = classes
        self.segments = segments
        self.layers = layers
        self.view = view
    }

    /// The same with other layers.
    public func reading(layers: [Int]) -> HeadContext {
        HeadContext(
            inputWidth: inputWidth, classes: classes, segments: segments, layers: layers,
            view: view)
    }
}

/// An operation that heads can be made of: its choices, and how it lowers into a graph of closed
/// primitives. Training, gradient kernels and export follow from the primitives.
///
/// To add one, write a type in its own file and list it in ``OperationRegistry/standard``.
public protocol Operation: Sendable {
    /// Unique; its name in a genotype's text.
    var name: String { get }
    var slot: Slot { get }
    var choices: [Choice] { get }
    /// The choices for a context, on which their values may depend; their names and order do not.
    func choices(in context: HeadContext) -> [Choice]
    /// Whether the operation needs the two segments of a pair to be separate.
    var needsPair: Bool { get }
    /// Whether searches draw it unless told otherwise; texts can always name it.
    var isDrawn: Bool { get }
    /// The canonical form of all settings that lower to the same graph.
    func canonical(_ settings: Settings) -> Settings
    /// Why these settings cannot be used on values of this width, or `nil`.
    func objection(_ settings: Settings, width: Int, context: HeadContext) -> String?
    /// The width of the result; the same as that of `lower`.
    func outputWidth(_ settings: Settings, width: Int, context: HeadContext) -> Int
    /// Adds the operation to a graph. Parameters are named by what they are; the caller has set a
    /// scope.
    func lower(
        _ x: Value, _ settings: Settings, context: HeadContext, into graph: inout GraphBuilder
    ) -> Value
}

extension Operation {
    public func choices(in context: HeadContext) -> [Choice] { choices }
    public var needsPair: Bool { false }
    public var isDrawn: Bool { true }
    public func canonical(_ settings: Settings) -> Settings { settings }
    public func objection(_ settings: Settings, width: Int, context: HeadContext) -> String? { nil }
    public func outputWidth(_ settings: Settings, width: Int, context: HeadContext) -> Int { width }
}

/// An operation that reads the encoder's layers.
public protocol SourceOperation: Operation {
    /// Adds the operation to a graph.
    /// - Parameter layers: one value for each of the context's layers.
    func lower(
        layers: [Value], _ settings: Settings, context: HeadContext,
        into graph: inout GraphBuilder
    ) -> Value
}

extension SourceOperation {
    public func lower(
        _ x: Value, _ settings: Settings, context: HeadContext, into graph: inout GraphBuilder
    ) -> Value {
        lower(layers: [x], settings, context: context, into: &graph)
    }
}

/// How values are normalised where heads read them.
enum InputNorm: String, CaseIterable {
    case none
    /// Zero mean and unit variance for each feature, measured on train.
    case standard
    /// Layer norm.
    case layer

    static let choice = Choice("norm", allCases.map(\.rawValue), standard: none.rawValue)

    /// The value, normalised as the choice `norm` says.
    static func apply(
        _ x: Value, _ settings: Settings, name: String = "norm", in graph: inout GraphBuilder
    ) -> Value {
        switch InputNorm(rawValue: settings["norm"])! {
        case .none: x
        case .standard: graph.standardize(x, name: name)
        case .layer: graph.layerNorm(x, name: name)
        }
    }
}

/// Where the layer norm of a residual block goes.
enum NormPlacement: String, CaseIterable {
    /// `x + f(norm(x))` (Xiong et al. 2020).
    case pre
    /// `norm(x + f(x))` (Vaswani et al. 2017).
    case post
    /// `x + f(x)`.
    case none

    static let choice = Choice("norm", allCases.map(\.rawValue), standard: post.rawValue)

    /// Wraps a block in its residual connection and norm; dropout comes before the sum.
    static func residual(
        _ x: Value, _ settings: Settings, in graph: inout GraphBuilder,
        _ block: (Value, inout GraphBuilder) -> Value
    ) -> Value {
        let rate = settings.float("dropout")
        switch NormPlacement(rawValue: settings["norm"])! {
        case .pre:
            let normed = graph.layerNorm(x, name: "norm")
            return graph.binary(.add, x, graph.dropout(block(normed, &graph), rate: rate))
        case .post:
            let sum = graph.binary(.add, x, graph.dropout(block(x, &graph), rate: rate))
            return graph.layerNorm(sum, name: "norm")
        case .none:
            return graph.binary(.add, x, graph.dropout(block(x, &graph), rate: rate))
        }
    }
}

extension Choice {
    /// Dropout inside a residual block.
    static let blockDropout = Choice("dropout", ["0", "0.1", "0.2"], standard: "0.1")
    /// The activation of a block.
    static let activation = Choice("activation", ["gelu", "relu", "silu", "tanh"])
}
