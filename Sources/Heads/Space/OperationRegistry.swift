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
        Alignment(),
        Coverage(),
        Attention.own,
        Attention.cross,
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

    /// Means all operations that are drawn by default.
    public static let nameOfDefault = "default"

    /// The registry with the operations that heads are drawn from by default.
    var drawn: OperationRegistry { OperationRegistry(operations.filter(\.isDrawn)) }

    /// The registry with some of its operations.
    /// - Parameter names: names of operations, or ``nameOfDefault``.
    /// - Throws: ``GenotypeError`` for an unknown name, or if a slot that every head needs is left
    ///   without an operation.
    func restricted(to names: [String], context: HeadContext) throws -> OperationRegistry {
        for name in names where table[name] == nil && name != Self.nameOfDefault {
            throw GenotypeError.unknownOperation(
                name: name, known: table.keys + [Self.nameOfDefault])
        }
        let takesDefault = names.contains(Self.nameOfDefault)
        let result = OperationRegistry(
            operations.filter { names.contains($0.name) || takesDefault && $0.isDrawn })
        for slot in SearchSpace.requiredSlots(segments: context.segments)
        where result.operations(in: slot, context: context).isEmpty {
            let possible = operations(in: slot, context: context).map(\.name)
            throw GenotypeError.nothingFor(slot: "\(slot)", possible: possible)
        }
        return result
    }

    /// All operations in the order of registration.
    public var operations: [any Operation] { Array(table.values) }

    public subscript(_ name: String) -> (any Operation)? { table[name] }

    /// Operations that can fill a slot.
    public func operations(in slot: Slot, context: HeadContext) -> [any Operation] {
        table.values.filter { $0.slot == slot && (!$0.needsPair || context.segments == 2) }
    }
}
