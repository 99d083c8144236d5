import Tensors
import Testing

@Suite("Scratch memory")
struct BufferPoolTests {
    @Test("what one piece of work has allocated serves the next")
    func reuse() {
        let pools = BufferPools()
        let first = pools.with { pool in pool.with(100_000) { $0 } }
        pools.with { pool in
            pool.with(90_000) { #expect($0 == first) }
            #expect(pool.allocatedCount < 200_000)
        }
    }

    @Test("every thread gets its own pool")
    func apart() {
        let pools = BufferPools()
        pools.with { first in
            pools.with { second in #expect(first !== second) }
        }
    }

    @Test("an unused pool holds no more than its limit, and keeps the small buffers")
    func limit() {
        let pools = BufferPools(limit: 20_000)
        pools.with { pool in
            let buffers = [100_000, 1000, 2000].map { pool.take($0) }
            for buffer in buffers { pool.give(buffer) }
            #expect(pool.allocatedCount > 100_000)
        }
        pools.with { pool in
            #expect((3000...20_000).contains(pool.allocatedCount))
        }
    }

    @Test("buffers in use are never freed")
    func inUse() {
        let pool = BufferPool()
        let buffer = pool.take(1000)
        pool.trim(to: 0)
        buffer[999] = 1
        #expect(pool.allocatedCount >= 1000 && buffer[999] == 1)
        pool.give(buffer)
        pool.trim(to: 0)
        #expect(pool.allocatedCount == 0)
    }
}
