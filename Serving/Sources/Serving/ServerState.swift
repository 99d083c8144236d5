import Foundation

/// Whether a server goes on, and how many requests it has had.
final class ServerState: @unchecked Sendable {
    private let lock = NSLock()
    private var stopping = false
    private var requests = 0

    var isStopping: Bool { lock.withLock { stopping } }

    func stop() { lock.withLock { stopping = true } }

    /// The number of the next request, from 1.
    func nextRequest() -> Int {
        lock.withLock {
            requests += 1
            return requests
        }
    }
}
