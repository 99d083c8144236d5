import Foundation

/// Pools that threads borrow for a piece of work and give back, so that the memory of one piece serves
/// the next: the system clears every page that it hands out, which costs as much as a pass over it.
public final class BufferPools: @unchecked Sendable {
    private let lock = NSLock()
    private var free: [BufferPool] = []
    private let limit: Int

    /// - Parameter limit: floats that a pool may hold while nobody uses it.
    public init(limit: Int = 1 << 25) { self.limit = limit }

    /// Lends a pool for the time of a call, by whose end all buffers must have been given back.
    public func with<Result>(_ body: (BufferPool) throws -> Result) rethrows -> Result {
        let pool = lock.withLock { free.popLast() } ?? BufferPool()
        defer {
            pool.trim(to: limit)
            lock.withLock { free.append(pool) }
        }
        return try body(pool)
    }
}
