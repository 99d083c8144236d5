import Support
import Tensors

/// Where each parameter of a graph lies in one contiguous run of floats: trained parameters first,
/// in the graph's order, then the frozen ones, so gradients, optimizer state and export share one
/// layout.
public struct ParameterLayout: Hashable, Sendable {
    public let parameters: [Parameter]
    /// First float of each parameter; `nil` for those stored outside (``ParameterSet``).
    public let offsets: [Int?]
    /// Floats in trained parameters, which come first.
    public let trainableCount: Int
    /// Floats in total.
    public let count: Int

    /// - Parameter external: parameters whose numbers lie elsewhere, e.g. in a mapped checkpoint.
    public init(_ graph: Graph, external: Set<ParameterID> = []) {
        parameters = graph.parameters
        var offsets = [Int?](repeating: nil, count: parameters.count)
        var position = 0
        for (index, parameter) in parameters.enumerated() where parameter.isTrainable {
            precondition(
                !external.contains(ParameterID(index: index)), "mapped weights cannot be trained")
            offsets[index] = position
            position += parameter.count
        }
        trainableCount = position
        for (index, parameter) in parameters.enumerated()
        where !parameter.isTrainable && !external.contains(ParameterID(index: index)) {
            offsets[index] = position
            position += parameter.count
        }
        self.offsets = offsets
        count = position
    }

    /// The trained parameters: id, name, and place in the contiguous run.
    public var trainable: [(id: ParameterID, parameter: Parameter, range: Range<Int>)] {
        parameters.enumerated().compactMap { index, parameter in
            guard parameter.isTrainable, let start = offsets[index] else { return nil }
            return (ParameterID(index: index), parameter, start..<start + parameter.count)
        }
    }
}

/// A table or tensor outside a ``ParameterSet``'s own storage, e.g. in a memory-mapped file.
public struct ExternalTensor: @unchecked Sendable {
    /// How elements are stored.
    public enum Element: Sendable {
        case float32
        case float16
        case bfloat16
    }
    let address: UnsafeRawPointer
    let element: Element
    /// Keeps the memory alive.
    private let owner: AnyObject

    /// - Precondition: `address` is aligned to the element and valid as long as `owner` lives.
    public init(address: UnsafeRawPointer, element: Element, owner: AnyObject) {
        self.address = address
        self.element = element
        self.owner = owner
    }
}

/// The numbers of a graph's parameters.
///
/// Several executors may read one set at the same time; training it needs exclusive access.
public final class ParameterSet: @unchecked Sendable {
    public let layout: ParameterLayout
    /// One contiguous run in the layout's order.
    public let storage: FloatStorage
    private let external: [Int: ExternalTensor]

    /// Zeros, except for the external tensors. Those in float16 or bfloat16 can serve as embedding
    /// tables only.
    public init(_ graph: Graph, external: [ParameterID: ExternalTensor] = [:]) {
        layout = ParameterLayout(graph, external: Set(external.keys))
        storage = FloatStorage(count: layout.count)
        self.external = Dictionary(
            uniqueKeysWithValues: external.map { ($0.key.index, $0.value) })
    }

    private init(layout: ParameterLayout, storage: FloatStorage, external: [Int: ExternalTensor]) {
        self.layout = layout
        self.storage = storage
        self.external = external
    }

    /// A copy with its own numbers (external tensors are shared).
    public func copy() -> ParameterSet {
        ParameterSet(layout: layout, storage: storage.copy(), external: external)
    }

    /// Draws every parameter's start from a key of its own name, so a parameter starts the same
    /// whatever else its graph holds. Parameters that are `.given` are left alone.
    public func initialize(key: RandomKey) {
        for (index, parameter) in layout.parameters.enumerated() {
            guard let offset = layout.offsets[index] else { continue }
            let target = storage.pointer + offset
            switch parameter.initialization {
            case .given: break
            case .zeros, .calibratedShift: target.update(repeating: 0, count: parameter.count)
            case .ones, .calibratedScale: target.update(repeating: 1, count: parameter.count)
            case .constant(let value): target.update(repeating: value, count: parameter.count)
            case .values(let values):
                precondition(values.count == parameter.count, "\(parameter.name): wrong shape")
                target.update(from: values, count: values.count)
            case .uniform(let bound):
                var generator = key.child(parameter.name).generator()
                generator.fillUniform(target, count: parameter.count, bound: bound)
            }
        }
    }

    /// The numbers of a parameter in float32.
    public func pointer(_ id: ParameterID) -> UnsafePointer<Float> {
        if let offset = layout.offsets[id.index] { return UnsafePointer(storage.pointer + offset) }
        guard let tensor = external[id.index], tensor.element == .float32 else {
            preconditionFailure(
                "\(layout.parameters[id.index].name) is not available in float32")
        }
        return tensor.address.assumingMemoryBound(to: Float.self)
    }

    /// The stored form of a table.
    func table(_ id: ParameterID) -> (UnsafeRawPointer, ExternalTensor.Element) {
        if let tensor = external[id.index] { return (tensor.address, tensor.element) }
        return (UnsafeRawPointer(pointer(id)), .float32)
    }

    /// Sets a parameter.
    /// - Precondition: it is stored inside and has `values.count` elements.
    public func set(_ id: ParameterID, _ values: [Float]) {
        guard let offset = layout.offsets[id.index],
            layout.parameters[id.index].count == values.count
        else { preconditionFailure("no such parameter inside") }
        (storage.pointer + offset).update(from: values, count: values.count)
    }

    /// Sets a parameter by name.
    /// - Precondition: the name exists, is stored inside, and has `values.count` elements.
    public func set(_ name: String, _ values: [Float]) {
        let own = memory(name)
        precondition(own.count == values.count, "\(name) has \(own.count) elements")
        own.baseAddress?.update(from: values, count: values.count)
    }

    /// Where the values of a parameter lie, to write them there; valid as long as this set.
    /// - Precondition: the name exists and is stored inside.
    public func memory(_ name: String) -> UnsafeMutableBufferPointer<Float> {
        guard let index = layout.parameters.firstIndex(where: { $0.name == name }),
            let offset = layout.offsets[index]
        else { preconditionFailure("no parameter \(name)") }
        return UnsafeMutableBufferPointer(
            start: storage.pointer + offset, count: layout.parameters[index].count)
    }

    /// Sets parameters to those of another set that are stored inside, by name: sets of graphs that differ lay them
    /// out differently.
    /// - Parameter prefix: what their names here begin with.
    /// - Precondition: all of them exist here with as many elements.
    public func assign(from other: ParameterSet, under prefix: String = "") {
        for parameter in other.layout.parameters {
            if let values = other.values(parameter.name) { set(prefix + parameter.name, values) }
        }
    }

    /// The values of a parameter that is stored inside, by name.
    public func values(_ name: String) -> [Float]? {
        guard let index = layout.parameters.firstIndex(where: { $0.name == name }),
            let offset = layout.offsets[index]
        else { return nil }
        return Array(
            UnsafeBufferPointer(
                start: storage.pointer + offset, count: layout.parameters[index].count))
    }
}

extension RandomGenerator {
    /// Fills memory with floats in `[-bound, bound)`, two per draw.
    mutating func fillUniform(_ target: UnsafeMutablePointer<Float>, count: Int, bound: Float) {
        let scale = bound * 0x1p-23
        var index = 0
        while index + 1 < count {
            let bits = next()
            target[index] = Float(Int32(truncatingIfNeeded: bits >> 40) - 0x80_0000) * scale
            target[index + 1] =
                Float(Int32(truncatingIfNeeded: (bits >> 8) & 0xff_ffff) - 0x80_0000) * scale
            index += 2
        }
        if index < count {
            target[index] = Float(Int32(truncatingIfNeeded: next() >> 40) - 0x80_0000) * scale
        }
    }
}
