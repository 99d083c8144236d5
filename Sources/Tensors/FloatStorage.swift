/// A fixed number of floats, aligned to cache lines, that may have several owners.
///
/// A writer must have exclusive access; this class does not check that.
public final class FloatStorage: @unchecked Sendable {
    /// The first float.
    public let pointer: UnsafeMutablePointer<Float>
    /// Number of floats.
    public let count: Int

    /// Zeros.
    public init(count: Int) {
        self.count = count
        pointer = .allocateAligned(count)
        pointer.initialize(repeating: 0, count: count)
    }

    /// A copy of `values`.
    public convenience init(_ values: some Collection<Float>) {
        self.init(count: values.count)
        for (index, value) in values.enumerated() { pointer[index] = value }
    }

    deinit { pointer.deallocateAligned() }

    /// A copy with its own storage.
    public func copy() -> FloatStorage {
        let result = FloatStorage(count: count)
        result.assign(from: self)
        return result
    }

    /// Copies the values of storage of the same size.
    public func assign(from other: FloatStorage) {
        precondition(other.count == count, "storage sizes differ")
        pointer.update(from: other.pointer, count: count)
    }

    /// Sets every float to `value`.
    public func fill(_ value: Float) {
        pointer.update(repeating: value, count: count)
    }

    /// The values as an array.
    public var array: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }
}
