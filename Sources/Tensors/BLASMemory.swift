import COpenBLAS
import Foundation
import Support

extension BLAS {
    /// What OpenBLAS takes for every thread that multiplies, and what the work itself needs at
    /// least.
    private static let bufferBytes = 129 << 20
    private static let workBytes = 160 << 20
    /// OpenBLAS has room for more buffers than for threads of its own.
    private static let mostBuffers = 64

    /// Has OpenBLAS take its buffers for so many threads, if there is room for them and for the work:
    /// later it would ask for them again and again until it gets them, and so hang for ever under
    /// `ulimit -v`.
    /// - Throws: ``NoMemory``.
    public static func reserveMemory(threads: Int) throws {
        let wanted = threads * bufferBytes + workBytes
        // Address space alone: nothing is touched, so this takes no memory.
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        let room = mmap(nil, wanted, PROT_READ | PROT_WRITE, flags, -1, 0)
        guard let room, room != MAP_FAILED else {
            throw NoMemory(megabytes: wanted >> 20, threads: threads)
        }
        munmap(room, wanted)
        _ = BLAS.kernelName
        // It keeps what it has had; until it is touched it is address space alone.
        let buffers = (0..<min(threads, mostBuffers)).map { _ in blas_memory_alloc(0) }
        for buffer in buffers { blas_memory_free(buffer) }
    }
}

/// The system does not give the process the memory that it needs.
public struct NoMemory: DiagnosedError, Equatable {
    public let megabytes: Int
    public let threads: Int

    public var kind: ErrorKind { .internalError }

    public var description: String {
        "there are no \(megabytes) MB of address space left for the work of \(threads) "
            + "\(threads == 1 ? "thread" : "threads"): raise the limit (ulimit -v) or take fewer "
            + "--threads"
    }
}
