import Foundation
import Support

/// Memory for floats that serves the next of about its size when it is done with: the system clears
/// every page that it hands out and takes it back page by page, which for a batch of features costs
/// more than reading them.
///
/// The content is undefined at first.
public final class RecycledStorage: Sendable {
    /// Floats that are kept while none are in use: a few batches for each thread.
    private static let limit = 1 << 24
    private static let lock = NSLock()
    private nonisolated(unsafe) static let pool = BufferPool()

    /// The first float.
    public nonisolated(unsafe) let pointer: UnsafeMutablePointer<Float>
    /// Number of floats.
    public let count: Int

    public init(count: Int) {
        self.count = count
        pointer = Self.lock.withLock { Self.pool.take(count) }
    }

    deinit {
        Self.lock.withLock {
            Self.pool.give(pointer)
            Self.pool.trim(to: Self.limit)
        }
    }
}
