import Foundation
import RunStore
import Support
import Testing
import Training

@testable import Serving

@Suite("Runs on a live page")
struct RunTests {
    private let scene: Scene
    private var runs: URL { scene.directory.appendingPathComponent("runs") }

    init() throws {
        scene = try Scene(.classes(2), heldOut: 30)
        try FileManager.default.createDirectory(at: runs, withIntermediateDirectories: true)
    }

    private static let identity = RunIdentity(
        program: "1", kernels: "k", task: "toy", data: "d", encoder: "e", seed: 7,
        choices: ["candidates": "40", "selection.training.criterion": "pearson"])

    private func start(_ name: String) throws -> RunStore {
        let store = try RunStore(
            creating: runs.appendingPathComponent(name), identity: Self.identity)
        try store.enter(stage: "search")
        try store.flush()
        return store
    }

    private func server(_ token: BearerToken? = nil) async throws -> TestServer {
        let runs = runs
        return try await TestServer(scene) {
            $0.runs = runs
            $0.token = token
        }
    }

    @Test("a run is followed as it goes: its stage, its heads, its end")
    func follow() async throws {
        defer { scene.remove() }
        let store = try start("my run")
        let server = try await server()
        let list = try await server.get("/v1/runs").object["runs"] as? [[String: Any]] ?? []
        #expect(list.map { $0["name"] as? String } == ["my run"])
        #expect(list[0]["state"] as? String == "running")
        #expect(list[0]["stage"] as? String == "search")
        #expect(list[0]["metric"] as? String == "pearson")
        let port = server.port
        let runs = runs
        try await blocking {
            let connection = try RawConnection(port: port)
            try connection.send(TestServer.head("GET", "/v1/run-events", [:]))
            let first = try connection.text(until: #""stage":"search""#)
            #expect(first.contains("Content-Type: text/event-stream"))
            try store.appendEpoch(
                TrainingKey(stage: "funnel", index: 0, genotype: "a > b"),
                EpochRecord(
                    epoch: 1, trainingLoss: 1, devAccuracy: 0.75, devScore: 0.625,
                    devCrossEntropy: 0.5))
            try store.enter(stage: "funnel", timings: ["stage search": 2])
            try store.flush()
            let second = try connection.text(until: #""timings":{"search":2}"#)
            #expect(second.contains(#""genotype":"a > b""#))
            #expect(second.contains(#""held_out_accuracy":0.75"#))
            #expect(second.contains(#""held_out_score":0.625"#))
            // The store is not held by whoever looks at it.
            try store.close()
            _ = try connection.text(until: #""state":"interrupted""#)
            try FileManager.default.removeItem(at: runs.appendingPathComponent("my run"))
            _ = try connection.text(until: "event: gone\ndata: \"my run\"")
        }
        await server.end()
    }

    @Test("the page has nothing from elsewhere, and a report is kept apart from it")
    func pages() async throws {
        defer { scene.remove() }
        let store = try start("one")
        let server = try await server()
        let page = try await server.get("/runs")
        #expect(page.status == 200)
        #expect(page.text.contains("<script src=\"/runs/app.js\""))
        for path in ["/runs", "/runs/app.js", "/runs/app.css"] {
            let reply = try await server.get(path)
            #expect(
                reply.headers["content-security-policy"]?.hasPrefix("default-src 'none'") == true)
            #expect(!reply.text.contains("https://"))
        }
        #expect(try await server.get("/v1/runs/one/report").code == "unknown_run")
        try Data("<p>report".utf8).write(to: runs.appendingPathComponent("one/report.html"))
        let report = try await server.get("/v1/runs/one/report")
        #expect(report.text == "<p>report")
        #expect(report.headers["content-security-policy"]?.hasPrefix("sandbox") == true)
        for name in ["other", "..", "..%2Fruns%2Fone", "one%2F..%2Fone", "%00"] {
            #expect(try await server.get("/v1/runs/\(name)/report").status == 404, "\(name)")
        }
        try store.close()
        await server.end()
    }

    @Test("a model of a run says what each word of a text adds")
    func explain() async throws {
        defer { scene.remove() }
        let store = try start("one")
        try store.close()
        let server = try await server()
        func explain(_ body: String, of name: String = "one") async throws -> Reply {
            try await server.send(
                "POST", "/v1/runs/\(name)/explain", TestServer.json, body: Data(body.utf8))
        }
        #expect(try await explain(#"{"text": "it is bad"}"#).code == "unknown_run")
        try FileManager.default.copyItem(
            at: scene.model, to: runs.appendingPathComponent("one/model"))
        let reply = try await explain(#"{"text": "it is bad"}"#)
        let expected = try scene.classifier().explain("it is bad")
        #expect(reply.object["label"] as? String == expected.classification.label)
        let words = reply.object["words"] as? [[String: Any]] ?? []
        #expect(words.map { $0["text"] as? String } == ["it", "is", "bad"])
        for (word, other) in zip(words, expected.words) {
            #expect(abs((word["contribution"] as? Double ?? 9) - other.contribution) < 1e-4)
        }
        let classification = expected.classification
        #expect(
            abs((reply.object["familiarity"] as? Double ?? 9) - (classification.familiarity ?? 0))
                < 1e-4)
        #expect(reply.object["outlier"] as? Bool == classification.isOutlier)
        #expect(reply.object["set"] == nil)
        let sure = try await explain(#"{"text": "it is bad", "abstain": 0.04}"#).object
        #expect(sure["set"] as? [String] == ["class 0", "class 1"] && sure["label"] is NSNull)
        for option in ["abstain\": 0.01", "top_k\": 1", "threshold\": 0.5", "logits\": true"] {
            let refused = try await explain(#"{"text": "a", "\#(option)}"#)
            #expect(refused.code == "invalid_option", "\(option)")
        }
        #expect(try await explain(#"{"text": "a", "pair": "b"}"#).code == "invalid_text")
        #expect(try await explain(#"{"texts": ["a", "b"]}"#).code == "too_many_texts")
        let long = String(repeating: "a ", count: 501)
        #expect(try await explain(#"{"text": "\#(long)b"}"#).code == "invalid_text")
        #expect(try await explain(#"{"text": "a"}"#, of: "two").code == "unknown_run")
        await server.end()
    }

    @Test("without a folder there is no page, and with a token runs are behind it")
    func closed() async throws {
        defer { scene.remove() }
        let without = try await TestServer(scene)
        for path in ["/runs", "/v1/runs", "/v1/run-events"] {
            #expect(try await without.get(path).code == "unknown_route")
        }
        await without.end()
        let file = scene.directory.appendingPathComponent("token")
        try Data("0123456789abcdef".utf8).write(to: file)
        let with = try await server(BearerToken(contentsOf: file))
        #expect(try await with.get("/runs").status == 200)
        for path in ["/v1/runs", "/v1/run-events", "/v1/runs/one/report"] {
            #expect(try await with.get(path).status == 401)
        }
        await with.end()
    }
}
