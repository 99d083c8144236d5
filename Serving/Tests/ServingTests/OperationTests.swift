import Foundation
import KNAS
import Logging
import Support
import Testing
import UnixSignals

@testable import Serving

@Suite("A server in operation")
struct OperationTests {
    private func wait(until condition: () async throws -> Bool) async throws {
        while try await !condition() { try await Task.sleep(for: .milliseconds(5)) }
    }

    @Test("where too many texts wait, the answer is 503 and when to try again")
    func full() async throws {
        let scene = try Scene(.classes(2))
        defer { scene.remove() }
        let server = try await TestServer(scene) { $0.queue.waiting = 2 }
        let full = try await server.classify(["texts": ["a", "b", "c"]])
        #expect(full.status == 503)
        #expect(full.code == "queue_full")
        #expect((full.headers["retry-after"].flatMap { Int($0) } ?? 0) >= 1)
        #expect(try await server.classify(["texts": ["a", "b"]]).status == 200)
        await server.end()
    }

    @Test("with a token, only requests that carry it are answered, and probes")
    func token() async throws {
        let scene = try Scene(.classes(2))
        defer { scene.remove() }
        let file = scene.directory.appendingPathComponent("token")
        try Data("0123456789abcdef\n".utf8).write(to: file)
        let token = try BearerToken(contentsOf: file)
        let server = try await TestServer(scene) { $0.token = token }
        let body = Data(#"{"text": "a"}"#.utf8)
        func status(_ header: String?) async throws -> Int {
            var headers = TestServer.json
            headers["Authorization"] = header
            let reply = try await server.send(
                "POST", "/v1/models/toy/classify", headers, body: body)
            if reply.status == 401 { #expect(reply.headers["www-authenticate"] == "Bearer") }
            return reply.status
        }
        #expect(try await status(nil) == 401)
        #expect(try await status("Bearer 0123456789abcdeg") == 401)
        #expect(try await status("Bearer 0123456789abcde") == 401)
        #expect(try await status("Bearer 0123456789abcdef0") == 401)
        #expect(try await status("Bearer ") == 401)
        #expect(try await status("Basic 0123456789abcdef") == 401)
        #expect(try await status("Bearer 0123456789abcdef") == 200)
        #expect(try await status("bearer 0123456789abcdef") == 200)
        for path in ["/v1/models", "/metrics", "/v1/models/other"] {
            #expect(try await server.get(path).status == 401, "\(path)")
        }
        for path in ["/healthz", "/readyz", "/openapi.json"] {
            #expect(try await server.get(path).status == 200, "\(path)")
        }
        await server.end()
        for wrong in ["", "short", "with spaces in between", "no-ascii-é-0123456789"] {
            try Data(wrong.utf8).write(to: file)
            #expect(throws: ServerError.self) { try BearerToken(contentsOf: file) }
        }
    }

    /// A server that a signal stops, with what it does until it has ended.
    private func start(
        _ scene: Scene, stoppedBy signal: UnixSignal, _ change: (inout ServerOptions) -> Void
    ) async throws -> (port: Int, running: Task<Void, any Error>) {
        var options = ServerOptions()
        options.port = 0
        options.limits.seconds = 3600
        change(&options)
        let server = try ClassificationServer(
            [ModelPlace(scene.model.path)], options,
            Logger(label: "test") { _ in JSONLinesLog(level: .critical) })
        let (ports, continuation) = AsyncStream<Int>.makeStream()
        let running = Task { try await server.run(stoppedBy: [signal]) { continuation.yield($0) } }
        var iterator = ports.makeAsyncIterator()
        return (try #require(await iterator.next()), running)
    }

    private static let half = TestServer.head(
        "POST", "/v1/models/toy/classify",
        ["Content-Type": "application/json", "Content-Length": "13"])
    private static let rest = Data(#"{"text": "a"}"#.utf8)

    @Test("after a signal what was taken is answered, and more is refused")
    func drain() async throws {
        let scene = try Scene(.classes(2))
        defer { scene.remove() }
        let (port, running) = try await start(scene, stoppedBy: .sigusr1) {
            $0.drainSeconds = 3600
        }
        let ready = TestServer.head("GET", "/readyz", [:])
        try await blocking {
            let taken = try RawConnection(port: port)
            try taken.send(Self.half)
            let other = try RawConnection(port: port)
            try other.send(ready)
            #expect(try other.reply().status == 200)
            kill(getpid(), SIGUSR1)
            var status = 200
            while status == 200 {
                try other.send(ready)
                status = try other.reply().status
            }
            #expect(status == 503)
            try other.send(Self.half + Self.rest)
            #expect(try other.reply().code == "stopping")
            try taken.send(Self.rest)
            #expect(try taken.reply().status == 200)
        }
        running.cancel()
        _ = await running.result
    }

    @Test("then the server ends, without waiting for half a body or a client that takes nothing")
    func stop() async throws {
        let scene = try Scene(.classes(2))
        defer { scene.remove() }
        let (port, running) = try await start(scene, stoppedBy: .sigusr2) {
            $0.drainSeconds = 0
            $0.patienceSeconds = 0.1
        }
        let open = try await blocking {
            let stalled = try RawConnection(port: port)
            try stalled.send(Self.half)
            let deaf = try RawConnection(port: port)
            for _ in 0..<300 { try deaf.send(TestServer.head("GET", "/openapi.json", [:])) }
            // Until the half has arrived.
            let other = try RawConnection(port: port)
            var text = ""
            while !text.contains("knas_http_requests_in_progress 2") {
                try other.send(TestServer.head("GET", "/metrics", [:]))
                text = try other.reply().text
            }
            kill(getpid(), SIGUSR2)
            #expect(try stalled.reply().code == "stopping")
            return deaf
        }
        try await running.value
        withExtendedLifetime(open) {}
        await #expect(throws: RawConnection.Failed.self) {
            try await blocking { _ = try RawConnection(port: port) }
        }
    }

    @Test("a model whose directory changes is loaded again, a broken one leaves the old one")
    func reload() async throws {
        let scene = try Scene(.classes(2))
        defer { scene.remove() }
        let server = try await TestServer(scene) { $0.reloadSeconds = 0.02 }
        let before = try scene.classifier().classify("it is bad")
        func probabilities() async throws -> [String: Double] {
            try await server.classify(["text": "it is bad"]).answers[0]["probabilities"]
                as? [String: Double] ?? [:]
        }
        #expect(abs(try await probabilities()["class 0"]! - Double(before.probabilities[0])) < 1e-5)
        try scene.save(.classes(4), seed: 8)
        try await wait { try await server.classify(["text": "a"]).object["version"] as? Int == 2 }
        let after = try scene.classifier().classify("it is bad")
        #expect(abs(try await probabilities()["class 3"]! - Double(after.probabilities[3])) < 1e-5)
        let file = scene.model.appendingPathComponent("config.json")
        try Data("{".utf8).write(to: file)
        try await wait {
            try await server.get("/metrics").text.contains(
                #"knas_model_loads_total{model="toy",result="failure"} 1"#)
        }
        #expect(try await probabilities().count == 4)
        #expect(server.log.lines.contains { $0.contains("not reloaded") && $0.contains("error") })
        // As a directory that is being replaced: nothing is there for a moment.
        try FileManager.default.removeItem(at: scene.model)
        #expect(try await probabilities().count == 4)
        try scene.save(.classes(5), seed: 9)
        try await wait { try await probabilities().count == 5 }
        await server.end()
    }

    @Test("a model or a folder of runs that vanishes is logged once, and once that it is back")
    func vanished() async throws {
        let scene = try Scene(.classes(2))
        defer { scene.remove() }
        let runs = scene.directory.appendingPathComponent("runs")
        let manager = FileManager.default
        try manager.createDirectory(at: runs, withIntermediateDirectories: true)
        let server = try await TestServer(scene) {
            $0.reloadSeconds = 0.02
            $0.runs = runs
        }
        func count(_ message: String) -> Int {
            server.log.lines.count { $0.contains(#""message":"the \#(message)""#) }
        }
        for time in 1...2 {
            for place in [scene.model, runs] {
                let away = place.appendingPathExtension("away")
                let what = place == runs ? "folder of runs" : "model directory"
                try manager.moveItem(at: place, to: away)
                try await wait { count("\(what) cannot be read") == time }
                #expect(try await server.classify(["text": "a"]).status == 200)
                try await Task.sleep(for: .milliseconds(100))
                try manager.moveItem(at: away, to: place)
                try await wait { count("\(what) is back") == time }
            }
        }
        for what in ["model directory", "folder of runs"] {
            #expect(count("\(what) cannot be read") == 2 && count("\(what) is back") == 2)
        }
        #expect(server.log.lines.contains { $0.contains(#""model":"toy""#) })
        // It is the same as before.
        #expect(try await server.classify(["text": "a"]).object["version"] as? Int == 1)
        await server.end()
    }

    @Test("what is no folder of runs, or no address, is an error that says what was expected")
    func wrongPlaces() async throws {
        let scene = try Scene(.classes(2))
        defer { scene.remove() }
        let file = scene.model.appendingPathComponent("config.json")
        let run = scene.directory.appendingPathComponent("run")
        try FileManager.default.createDirectory(at: run, withIntermediateDirectories: true)
        try Data("{}".utf8).write(to: run.appendingPathComponent("result.json"))
        for (place, reason) in [(file, "found a file"), (run, "found a run")] {
            let error = await #expect(throws: FileError.self) {
                _ = try await TestServer(scene) { $0.runs = place }
            }
            #expect("\(error.map { "\($0)" } ?? "")".contains("a folder of runs, \(reason)"))
        }
        let none = await #expect(throws: FileError.self) {
            _ = try await TestServer([ModelPlace(run.path)])
        }
        #expect("\(none.map { "\($0)" } ?? "")".contains("has no model yet"))
        let host = await #expect(throws: ServerError.self) {
            _ = try await TestServer(scene) { $0.host = "300.1.1.1" }
        }
        #expect(host?.kind == .usage && "\(host.map { "\($0)" } ?? "")".contains("300.1.1.1"))
    }

    @Test("metrics count requests, batches and texts")
    func metrics() async throws {
        let scene = try Scene(.classes(2))
        defer { scene.remove() }
        let server = try await TestServer(scene)
        _ = try await server.classify(["texts": ["a", "b", "c"]])
        _ = try await server.classify("{")
        _ = try await server.send("PROPFIND", "/coffee")
        let lines = try await server.get("/metrics").text.split(separator: "\n")
        let route = #"route="/v1/models/{name}/classify""#
        for expected in [
            #"knas_http_requests_total{\#(route),method="POST",status="200"} 1"#,
            #"knas_http_requests_total{\#(route),method="POST",status="400"} 1"#,
            #"knas_http_requests_total{route="other",method="other",status="404"} 1"#,
            #"knas_http_request_duration_seconds_count{\#(route)} 2"#,
            #"knas_http_request_duration_seconds_bucket{\#(route),le="+Inf"} 2"#,
            #"knas_texts_total{model="toy"} 3"#, #"knas_queue_texts{model="toy"} 0"#,
            #"knas_http_requests_in_progress 1"#, #"knas_model_version{model="toy"} 1"#,
        ] {
            #expect(lines.contains { $0 == expected }, "\(expected)")
        }
        let sample = /[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [0-9.e+-]+/
        #expect(try lines.allSatisfy { try $0.hasPrefix("# ") || sample.wholeMatch(in: $0) != nil })
        await server.end()
    }

    @Test("every event is a line of JSON, and no text of a request is in any")
    func log() async throws {
        let scene = try Scene(.classes(2))
        defer { scene.remove() }
        let server = try await TestServer(scene)
        _ = try await server.classify(["text": "my-secret"])
        _ = try await server.classify(#"{"my-secret": "my-secret"}"#)
        _ = try await server.get("/my-secret")
        _ = try await server.classify(#"{"text": "a"}"#, model: "my-secret")
        await server.end()
        let lines = server.log.lines
        #expect(!lines.joined().contains("my-secret"))
        let events = lines.compactMap {
            try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }
        #expect(events.count == lines.count)
        let requests = events.filter { $0["message"] as? String == "request" }
        #expect(requests.map { $0["status"] as? Int } == [200, 400, 404, 404])
        #expect(requests[0]["texts"] as? Int == 1)
        #expect(requests[0]["seconds"] is Double)
        #expect(requests[1]["code"] as? String == "bad_request")
        #expect(events.allSatisfy { $0["time"] is String && $0["level"] is String })
    }

    @Test("models have names that fit in a path, each its own")
    func names() throws {
        #expect(try ModelPlace("runs/front-desk").name == "front-desk")
        #expect(try ModelPlace("runs/front-desk/model/").name == "front-desk")
        #expect(try ModelPlace("runs/a b", name: "c").name == "c")
        for name in ["", ".", "a/b", "a b", "é", String(repeating: "a", count: 65)] {
            #expect(throws: ServerError.self) { try ModelPlace("runs/a", name: name) }
        }
        #expect(throws: ServerError.sameName("a")) {
            try ModelPlace.checkNames([ModelPlace("x/a"), ModelPlace("y/a")])
        }
    }

    @Test("a port that is taken is an error that says so")
    func taken() async throws {
        let scene = try Scene(.classes(2))
        defer { scene.remove() }
        let server = try await TestServer(scene)
        await #expect(throws: ServerError.self) {
            _ = try await TestServer(scene) { $0.port = server.port }
        }
        await server.end()
    }
}
