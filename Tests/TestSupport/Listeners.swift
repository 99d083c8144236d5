import Foundation
import Support

/// Asks for a stop after so many reports of progress.
public final class Stopper: @unchecked Sendable {
    private let lock = NSLock()
    private var left: Int

    public init(after count: Int) { left = count }

    public var handler: ProgressHandler {
        { _ in
            self.lock.withLock {
                self.left -= 1
                return self.left < 0 ? .stop : .more
            }
        }
    }
}

/// Keeps lines.
public final class Notes: @unchecked Sendable {
    private let lock = NSLock()
    private var lines: [String] = []

    public init() {}

    public var all: [String] { lock.withLock { lines } }

    public func add(_ line: String) { lock.withLock { lines.append(line) } }
}
