import Foundation

/// Work that recurses deeper than the stack of a worker thread may allow.
enum LargeStack {
    private static let bytes = 16 << 20

    /// Hands the result from one thread to the other; the semaphore orders the two accesses.
    private final class Box<Value>: @unchecked Sendable {
        var result: Result<Value, any Error>?
    }

    /// Runs `body` on a thread with a stack of 16 MiB and waits for it.
    static func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) throws -> Value
    {
        let box = Box<Value>()
        let finished = DispatchSemaphore(value: 0)
        let thread = Thread {
            box.result = Result { try body() }
            finished.signal()
        }
        thread.stackSize = bytes
        thread.start()
        finished.wait()
        guard let result = box.result else { preconditionFailure("the thread left no result") }
        return try result.get()
    }
}
