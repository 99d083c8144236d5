import Foundation
import Testing

@testable import Serving

@Suite("The OpenAPI document")
struct OpenAPITests {
    @Test("it has the server's routes and no others, each with its method")
    func routes() {
        let operations = OpenAPI.document.operations
        #expect(Set(operations.map(\.path)) == Set(Route.templates))
        for operation in operations {
            let path = operation.path.replacingOccurrences(of: "{name}", with: "toy")
            #expect(Route(path: path)?.method.rawValue == operation.method)
        }
    }

    @Test("it has the fields of requests and the codes of errors, and no others")
    func fields() {
        let request = OpenAPI.document.schema("ClassifyRequest")["properties"] as? [String: Any]
        #expect(
            Set(request?.keys ?? [:].keys) == Set(ClassifyRequest.Field.allCases.map(\.rawValue)))
        let answer = OpenAPI.document.schema("Answer")["properties"] as? [String: Any]
        let fields = [
            "label", "set", "probability", "labels", "probabilities", "top", "logits", "value",
            "interval", "familiarity", "outlier",
        ]
        #expect(Set(answer?.keys ?? [:].keys) == Set(fields))
        let run = OpenAPI.document.schema("Run")["properties"] as? [String: Any]
        #expect(Set(run?.keys ?? [:].keys) == Set(RunAnswer.CodingKeys.allCases.map(\.rawValue)))
        let error = OpenAPI.document.schema("Error")["properties"] as? [String: [String: Any]]
        let code = (error?["error"]?["properties"] as? [String: [String: Any]])?["code"]
        #expect(
            Set(code?["enum"] as? [String] ?? []) == Set(APIError.Code.allCases.map(\.rawValue)))
        let statuses = Set(OpenAPI.document.operations.map(\.status))
        #expect(statuses == Set(APIError.Code.allCases.map(\.status.code) + [200]))
    }

    /// A failure of the server and a queue that is too slow cannot be asked for.
    private static let unseen: Set = [500, 504]

    @Test("every status that it has is answered somewhere, and what is answered is in it")
    func statuses() async throws {
        let scene = try Scene(.classes(2))
        defer { scene.remove() }
        let file = scene.directory.appendingPathComponent("token")
        try Data("0123456789abcdef".utf8).write(to: file)
        let token = try BearerToken(contentsOf: file)
        let runs = scene.directory
        let server = try await TestServer(scene) {
            $0.token = token
            $0.runs = runs
            $0.limits.bodyBytes = 100
            $0.limits.seconds = 0.2
        }
        let authorized = ["Authorization": "Bearer 0123456789abcdef"]
        let json = authorized.merging(TestServer.json) { $1 }
        var seen: Set<OpenAPI.Operation> = []
        func ask(
            _ method: String, _ path: String, _ headers: [String: String], _ body: String? = nil,
            length: Int? = nil
        ) async throws {
            var headers = headers
            let template = try #require(Route(path: path)?.template)
            let status: Int
            if let length {
                headers["Content-Length"] = "\(length)"
                let bytes = TestServer.head(method, path, headers)
                let port = server.port
                let reply = try await blocking {
                    let connection = try RawConnection(port: port)
                    try connection.send(bytes)
                    return try connection.reply()
                }
                try OpenAPI.document.check(reply, to: method, path)
                status = reply.status
            } else {
                status = try await server.send(
                    method, path, headers, body: body.map { Data($0.utf8) }
                ).status
            }
            let known = Route(path: path)?.method.rawValue ?? method
            seen.insert(.init(path: template, method: known, status: status))
        }
        let classify = "/v1/models/toy/classify"
        // The run `toy` has a model and a report; a store is all that it lacks.
        try Data("{}".utf8).write(to: scene.directory.appendingPathComponent("toy/result.json"))
        try Data("<p>".utf8).write(to: scene.directory.appendingPathComponent("toy/report.html"))
        let explain = "/v1/runs/toy/explain"
        for path in [
            "/v1/models", "/v1/models/toy", "/healthz", "/readyz", "/metrics", "/openapi.json",
            "/runs", "/runs/app.js", "/runs/app.css", "/v1/runs", "/v1/runs/toy/report",
        ] {
            try await ask("GET", path, authorized)
            try await ask("GET", path, [:])
            try await ask("PUT", path, authorized)
        }
        try await ask("GET", "/v1/models/x", authorized)
        try await ask("GET", "/v1/runs/x/report", authorized)
        // It does not end.
        try await ask("HEAD", "/v1/run-events", authorized)
        try await ask("GET", "/v1/run-events", [:])
        try await ask("PUT", "/v1/run-events", authorized)
        for path in [classify, explain] {
            let unknown = path.replacingOccurrences(of: "toy", with: "x")
            try await ask("POST", unknown, json, #"{"text": "a"}"#)
            try await ask("PUT", path, json, "{}")
            try await ask("POST", path, TestServer.json, "{}")
            try await ask("POST", path, json, #"{"text": "a"}"#)
            try await ask("POST", path, json, "{}")
            try await ask("POST", path, json, #"{"text": ""}"#)
            try await ask("POST", path, authorized, "{}")
            try await ask("POST", path, json, length: 1000)
            try await ask("POST", path, json, length: 10)
        }
        server.server.stop()
        try await ask("GET", "/readyz", [:])
        try await ask("POST", classify, json, #"{"text": "a"}"#)
        try await ask("POST", explain, json, #"{"text": "a"}"#)
        await server.end()
        let without = try await TestServer(scene)
        for path in Route.ofRuns where !path.contains("{") {
            seen.insert(
                .init(path: path, method: "GET", status: try await without.get(path).status))
        }
        await without.end()
        let expected = OpenAPI.document.operations.filter { !Self.unseen.contains($0.status) }
        #expect(seen.sorted() == expected.sorted())
    }
}
