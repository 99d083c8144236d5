import Foundation
import Testing

@testable import Support

@Suite("Scratch buffers")
struct ScratchBufferTests {
    @Test(
        "what was written is there, in memory or in a file whose pages are released",
        arguments: [Int.max, 0], ["", "no/such/directory"])
    func content(largestInMemory: Int, directory: String) throws {
        let count = 3 << 20
        let buffer = ScratchBuffer(
            count: count,
            directory: FileManager.default.temporaryDirectory.appendingPathComponent(directory),
            largestInMemory: largestInMemory)
        #expect(buffer.bytes.count == count)
        Parallel.forEach(count: 64, threads: 4) { piece, _ in
            for place in stride(from: piece, to: count, by: 64) {
                buffer.bytes[place] = UInt8(truncatingIfNeeded: place ^ (place >> 8))
            }
            buffer.releasePages()
        }
        #expect(
            buffer.bytes.indices.allSatisfy {
                buffer.bytes[$0] == UInt8(truncatingIfNeeded: $0 ^ ($0 >> 8))
            })
    }
}
