/// Reusable scratch memory for floats: after the first pass over a batch of the largest size,
/// nothing more is allocated.
///
/// Buffers are aligned to cache lines and are not cleared. Not thread-safe: use one pool per
/// thread.
public final class BufferPool {
    private var free: [(capacity: Int, pointer: UnsafeMutablePointer<Float>)] = []
    private var used: [UnsafeMutablePointer<Float>: Int] = [:]
    /// Floats allocated so far, in use or not.
    public private(set) var allocatedCount = 0

    public init() {}

    deinit {
        for entry in free { entry.pointer.deallocateAligned() }
        for pointer in used.keys { pointer.deallocateAligned() }
    }

    /// A buffer of at least `count` floats with undefined content.
    /// - Complexity: O(number of free buffers).
    public func take(_ count: Int) -> UnsafeMutablePointer<Float> {
        var best: Int?
        for index in free.indices where free[index].capacity >= count {
            if best == nil || free[index].capacity < free[best!].capacity { best = index }
        }
        // A buffer that is far too large is left for whatever needs it.
        if let best, free[best].capacity <= 4 * count + 4096 {
            let entry = free[best]
            free[best] = free[free.count - 1]
            free.removeLast()
            used[entry.pointer] = entry.capacity
            return entry.pointer
        }
        // A new buffer takes the place of the largest that has become too small: however batch
        // sizes vary, the number of buffers stays that of the largest graph.
        if let outgrown = free.indices.filter({ free[$0].capacity < count }).max(by: {
            free[$0].capacity < free[$1].capacity
        }) {
            let entry = free[outgrown]
            free[outgrown] = free[free.count - 1]
            free.removeLast()
            entry.pointer.deallocateAligned()
            allocatedCount -= entry.capacity
        }
        // A sixteenth more than requested lets slightly larger batches use the same buffer.
        let capacity = (count + count / 16 + 1024) & ~15
        let pointer = UnsafeMutablePointer<Float>.allocateAligned(capacity)
        used[pointer] = capacity
        allocatedCount += capacity
        return pointer
    }

    /// Gives a buffer back. The pointer must come from ``take(_:)`` of this pool.
    public func give(_ pointer: UnsafeMutablePointer<Float>) {
        guard let capacity = used.removeValue(forKey: pointer) else {
            preconditionFailure("a buffer was returned that this pool did not give")
        }
        free.append((capacity, pointer))
    }

    /// Frees buffers that are not in use, the largest first, until no more than `limit` floats are held.
    public func trim(to limit: Int) {
        guard allocatedCount > limit else { return }
        free.sort { $0.capacity < $1.capacity }
        while allocatedCount > limit, let entry = free.popLast() {
            entry.pointer.deallocateAligned()
            allocatedCount -= entry.capacity
        }
    }

    /// Takes a buffer for the duration of a call.
    public func with<Result>(
        _ count: Int, _ body: (UnsafeMutablePointer<Float>) throws -> Result
    ) rethrows -> Result {
        let pointer = take(count)
        defer { give(pointer) }
        return try body(pointer)
    }
}

extension UnsafeMutablePointer<Float> {
    /// Memory for `count` floats, aligned to a cache line.
    static func allocateAligned(_ count: Int) -> UnsafeMutablePointer<Float> {
        UnsafeMutableRawPointer.allocate(
            byteCount: max(64, count * MemoryLayout<Float>.stride), alignment: 64
        ).bindMemory(to: Float.self, capacity: count)
    }

    func deallocateAligned() {
        UnsafeMutableRawPointer(self).deallocate()
    }
}
