import Foundation

/// Pools that threads borrow for a piece of work and return, so the memory of one piece serves the
/// next: the system clears every page that it hands out, which costs as much as a pass over it.
public final class BufferPools: @unchecked Sendable {
    private let lock = NSLock()
    private var free: [BufferPool] = []
    private let limit: Int

    /// - Parameter limit: floats that a pool may hold while it is not in use.
    public init(limit: Int = 1 << 25) { self.limit = limit }

    /// Lends a pool for the duration of a call, which must return all its buffers.
    public func with<Result>(_ body: (BufferPool) throws -> Result) rethrows -> Result {
        let pool = lock.withLock { free.popLast() } ?? BufferPool()
        defer {
            pool.trim(to: limit)
            lock.withLock { free.append(pool) }
        }
        return try body(pool)
    }
}
