import Foundation

/// What a server has answered.
struct Reply {
    let status: Int
    /// Names in lower case.
    let headers: [String: String]
    let body: Data

    var json: Any? { try? JSONSerialization.jsonObject(with: body) }
    var object: [String: Any] { json as? [String: Any] ?? [:] }
    var text: String { String(decoding: body, as: UTF8.self) }
    /// The code of an error.
    var code: String? { (object["error"] as? [String: Any])?["code"] as? String }
    var message: String? { (object["error"] as? [String: Any])?["message"] as? String }
    var answers: [[String: Any]] { object["answers"] as? [[String: Any]] ?? [] }

    /// - Parameter bytes: head and body; `nil` where a part is missing.
    init?(_ bytes: Data, isHead: Bool) {
        guard let end = bytes.range(of: Data("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
            .components(separatedBy: "\r\n")
        let words = lines[0].split(separator: " ")
        guard words.count > 1, let status = Int(words[1]) else { return nil }
        self.status = status
        headers = Dictionary(
            lines.dropFirst().compactMap { line in
                let parts = line.split(separator: ":", maxSplits: 1)
                guard parts.count == 2 else { return nil }
                return (parts[0].lowercased(), parts[1].trimmingCharacters(in: .whitespaces))
            }, uniquingKeysWith: { first, _ in first })
        let length = isHead ? 0 : headers["content-length"].flatMap { Int($0) } ?? 0
        guard bytes.distance(from: end.upperBound, to: bytes.endIndex) >= length else {
            return nil
        }
        body = bytes[end.upperBound...].prefix(length)
    }
}

/// A connection that sends any bytes: clients of libraries send nothing wrong.
final class RawConnection: @unchecked Sendable {
    struct Failed: Error {
        let reason: String
    }

    private let descriptor: Int32
    private var received = Data()

    init(port: Int) throws {
        #if canImport(Glibc)
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
            descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Failed(reason: String(cString: strerror(errno))) }
    }

    deinit { close(descriptor) }

    func send(_ bytes: Data) throws {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failed(reason: String(cString: strerror(errno))) }
            rest = rest.dropFirst(count)
        }
    }

    /// Sends no more.
    func closeOutput() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// The next answer.
    func reply(isHead: Bool = false) throws -> Reply {
        while true {
            if let reply = Reply(received, isHead: isHead) {
                received = Data()
                return reply
            }
            let part = try receive()
            guard !part.isEmpty else {
                throw Failed(reason: "closed after \(received.count) bytes")
            }
            received += part
        }
    }

    /// Everything that comes until something does; the rest is for later.
    func text(until end: String) throws -> String {
        while true {
            if let range = received.range(of: Data(end.utf8)) {
                let text = String(decoding: received[..<range.upperBound], as: UTF8.self)
                received = Data(received[range.upperBound...])
                return text
            }
            let part = try receive()
            guard !part.isEmpty else { throw Failed(reason: "closed before \(end)") }
            received += part
        }
    }

    /// Waits until the other side closes.
    func waitForEnd() throws { while try !receive().isEmpty {} }

    private func receive() throws -> Data {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count >= 0 else { throw Failed(reason: String(cString: strerror(errno))) }
        return Data(buffer[..<count])
    }
}

/// Waits for work that blocks its thread, outside the few threads of tasks and queues.
func blocking<Result: Sendable>(
    _ body: @escaping @Sendable () throws -> Result
) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        Thread { continuation.resume(with: Swift.Result { try body() }) }.start()
    }
}
