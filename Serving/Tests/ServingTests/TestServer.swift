import Foundation
import KNAS
import Logging
import Testing

@testable import Serving

/// A server on a free port; every answer that it gives is held to the OpenAPI document.
final class TestServer: Sendable {
    let port: Int
    let server: ClassificationServer
    let log: Log
    private let task: Task<Void, any Error>

    /// The lines of a server's log.
    final class Log: @unchecked Sendable {
        private let lock = NSLock()
        private var all: [String] = []

        var lines: [String] { lock.withLock { all } }
        func add(_ line: String) { lock.withLock { all.append(line) } }
    }

    init(
        _ places: [ModelPlace], _ change: (inout ServerOptions) -> Void = { _ in }
    ) async throws {
        var options = ServerOptions()
        options.port = 0
        options.threads = 2
        options.reloadSeconds = 0
        change(&options)
        let log = Log()
        let server = try ClassificationServer(
            places, options,
            Logger(label: "test") { _ in JSONLinesLog(level: .info, write: log.add) })
        let (ports, continuation) = AsyncStream<Int>.makeStream()
        task = Task {
            defer { continuation.finish() }
            try await server.run { continuation.yield($0) }
        }
        var iterator = ports.makeAsyncIterator()
        guard let port = await iterator.next() else {
            try await task.value
            throw RawConnection.Failed(reason: "the server has ended")
        }
        self.port = port
        self.server = server
        self.log = log
    }

    /// A server of one model, `toy`.
    convenience init(
        _ scene: Scene, _ change: (inout ServerOptions) -> Void = { _ in }
    ) async throws {
        try await self.init([ModelPlace(scene.model.path)], change)
    }

    func end() async {
        task.cancel()
        _ = await task.result
    }

    // MARK: - Requests

    static let json = ["Content-Type": "application/json"]

    static func head(_ method: String, _ path: String, _ headers: [String: String]) -> Data {
        let lines = headers.map { "\($0): \($1)\r\n" }.sorted().joined()
        return Data("\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n\(lines)\r\n".utf8)
    }

    /// Sends a request on a connection of its own and checks the answer.
    func send(
        _ method: String, _ path: String, _ headers: [String: String] = [:], body: Data? = nil
    ) async throws -> Reply {
        var headers = headers
        if let body { headers["Content-Length"] = "\(body.count)" }
        let bytes = Self.head(method, path, headers) + (body ?? Data())
        let port = port
        let reply = try await blocking {
            let connection = try RawConnection(port: port)
            try connection.send(bytes)
            return try connection.reply(isHead: method == "HEAD")
        }
        if method != "HEAD" { try OpenAPI.document.check(reply, to: method, path) }
        return reply
    }

    func get(_ path: String) async throws -> Reply { try await send("GET", path) }

    func classify(_ body: String, model: String = "toy") async throws -> Reply {
        try await classify(Data(body.utf8), model: model)
    }

    func classify(_ body: Data, model: String = "toy") async throws -> Reply {
        try await send("POST", "/v1/models/\(model)/classify", Self.json, body: body)
    }

    func classify(_ body: [String: any Sendable]) async throws -> Reply {
        try await classify(JSONSerialization.data(withJSONObject: body))
    }
}
