import Foundation

/// The number and the words of what the system says of a call that failed.
package struct SystemError: Error, Equatable {
    package let code: Int32

    package init(code: Int32 = errno) { self.code = code }

    package var reason: String { String(cString: strerror(code)) }
}

/// Reading and writing descriptors, whatever they belong to: calls that a signal interrupted are
/// repeated, and a descriptor that others made non-blocking is waited for.
package enum Descriptor {
    /// Writes all bytes.
    /// - Throws: `EPIPE` where the reader has gone, `ENOSPC` where the disk is full, and so on.
    package static func write(
        _ bytes: UnsafeRawBufferPointer, to descriptor: Int32
    ) throws(SystemError) {
        var done = 0
        while done < bytes.count {
            let count = Foundation.write(
                descriptor, bytes.baseAddress! + done, bytes.count - done)
            if count > 0 {
                done += count
            } else {
                try wait(for: descriptor, POLLOUT, failed: count < 0 ? errno : ENOSPC)
            }
        }
    }

    /// Reads what there is, at least one byte.
    /// - Returns: the number of bytes; 0 at the end.
    package static func read(
        into buffer: UnsafeMutableRawBufferPointer, from descriptor: Int32
    ) throws(SystemError) -> Int {
        while true {
            let count = Foundation.read(descriptor, buffer.baseAddress, buffer.count)
            if count >= 0 { return count }
            try wait(for: descriptor, POLLIN, failed: errno)
        }
    }

    /// Whether a call would not have to wait.
    package static func isReady(_ descriptor: Int32, _ event: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(event), revents: 0)
        return poll(&entry, 1, 0) > 0
    }

    /// Returns when a call that failed can be repeated.
    private static func wait(
        for descriptor: Int32, _ event: Int32, failed code: Int32
    ) throws(SystemError) {
        switch code {
        case EINTR: return
        case EAGAIN, EWOULDBLOCK:
            var entry = pollfd(fd: descriptor, events: Int16(event), revents: 0)
            _ = poll(&entry, 1, -1)
        default: throw SystemError(code: code)
        }
    }
}
