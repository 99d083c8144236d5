import Graphs
import OrderedCollections

/// The operations that heads are made of, by name.
public struct OperationRegistry: Sendable {
    private let table: OrderedDictionary<String, any Operation>

    /// - Precondition: names are unique.
    public init(_ operations: [any Operation]) {
        table = OrderedDictionary(uniqueKeysWithValues: operations.map { ($0.name, $0) })
    }

    /// Every operation of this project; one line each.
    public static let standard = OperationRegistry([
        Layer(),
        Projection(),
        SelfAttention(),
        CrossAttention(),
        FeedForward(),
        GatedFeedForward(),
        Convolution(),
        Adapter(),
        SimplePooling(kind: .first),
        SimplePooling(kind: .mean),
        SimplePooling(kind: .max),
        AttentionPooling(),
        PairInteraction(),
        Classifier(),
    ])

    /// All operations in the order of registration.
    public var operations: [any Operation] { Array(table.values) }

    public subscript(_ name: String) -> (any Operation)? { table[name] }

    /// Operations that can stand in a slot.
    public func operations(in slot: Slot, context: HeadContext) -> [any Operation] {
        table.values.filter { $0.slot == slot && (!$0.needsPair || context.segments == 2) }
    }
}
