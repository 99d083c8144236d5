import Foundation

/// What a worker tells its coordinator: a page of memory that both have mapped, so it survives when
/// the worker dies.
struct Status {
    /// Places in the page.
    private enum Slot: Int {
        case index, started, accepted, rejected, slowest, slowestIndex, peak, failures, isDone
    }
    private let words: UnsafeMutablePointer<UInt64>
    private static let byteCount = 4_096

    /// Maps a file, which is created where there is none.
    init(_ url: URL) throws {
        let descriptor = open(url.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0, ftruncate(descriptor, off_t(Self.byteCount)) == 0 else {
            throw Violation("\(url.path): \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        let memory = mmap(
            nil, Self.byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        guard let memory, memory != MAP_FAILED else { throw Violation("no shared memory") }
        words = memory.assumingMemoryBound(to: UInt64.self)
    }

    func reset() { for slot in 0..<16 { words[slot] = 0 } }
    func unmap() { munmap(words, Self.byteCount) }

    private subscript(_ slot: Slot) -> UInt64 {
        get { words[slot.rawValue] }
        nonmutating set { words[slot.rawValue] = newValue }
    }

    /// The current case.
    var index: Int {
        get { Int(self[.index]) }
        nonmutating set { self[.index] = UInt64(newValue) }
    }
    /// When the reader was given it, in nanoseconds; 0 while it is being made.
    var started: UInt64 {
        get { self[.started] }
        nonmutating set { self[.started] = newValue }
    }
    var accepted: Int {
        get { Int(self[.accepted]) }
        nonmutating set { self[.accepted] = UInt64(newValue) }
    }
    var rejected: Int {
        get { Int(self[.rejected]) }
        nonmutating set { self[.rejected] = UInt64(newValue) }
    }
    /// Longest time of a case in nanoseconds, and which it was.
    var slowest: UInt64 {
        get { self[.slowest] }
        nonmutating set { self[.slowest] = newValue }
    }
    var slowestIndex: Int {
        get { Int(self[.slowestIndex]) }
        nonmutating set { self[.slowestIndex] = UInt64(newValue) }
    }
    /// Largest resident size in KiB.
    var peak: Int {
        get { Int(self[.peak]) }
        nonmutating set { self[.peak] = UInt64(newValue) }
    }
    /// Whether all cases of the range are done.
    var isDone: Bool {
        get { self[.isDone] != 0 }
        nonmutating set { self[.isDone] = newValue ? 1 : 0 }
    }

    /// Nanoseconds of a monotonic clock.
    static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
