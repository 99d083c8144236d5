import Foundation
import Testing

@testable import Serving

@Suite("Requests that are wrong")
struct BadRequestTests {
    private struct Case {
        let body: Data
        let status: Int
        let code: String

        init(_ body: String, _ status: Int, _ code: String) {
            self.init(Data(body.utf8), status, code)
        }

        init(_ body: Data, _ status: Int, _ code: String) {
            self.body = body
            self.status = status
            self.code = code
        }
    }

    private static let malformed = [
        "", "x", "{", "}", "[", "null", "1", "[]", #""text""#, "{}", #"{"text"}"#, #"{"text":}"#,
        #"{"text": "a""#, #"{"text": "a",}"#, #"{"text": "a"} {}"#, #"{"text": 'a'}"#,
        #"{"text": 1}"#, #"{"text": ["a"]}"#, #"{"text": {}}"#, #"{"text": true}"#,
        #"{"text": null}"#, #"{"texts": "a"}"#, #"{"texts": [1]}"#, #"{"texts": [["a", "b"]]}"#,
        #"{"texts": ["a", null]}"#, #"{"texts": {"0": "a"}}"#,
        #"{"text": "a", "texts": ["a"]}"#, #"{"pair": "a"}"#, #"{"text": "a", "pairs": ["a"]}"#,
        // A name twice, also where it is written in two ways.
        #"{"text": "a", "text": "b"}"#, #"{"text": "a", "\u0074ext": "b"}"#,
        #"{"text": "a", "unknown": 1}"#, #"{"Text": "a"}"#,
        #"{"text": "\ud800"}"#, #"{"text": "\udc00\ud800"}"#, #"{"text": "\u12"}"#,
        #"{"text": "\x"}"#, "{\"text\": \"a\nb\"}",
        #"{"text": "a", "top_k": 1.5}"#, #"{"text": "a", "top_k": "1"}"#,
        #"{"text": "a", "top_k": 1e400}"#, #"{"text": "a", "abstain": -1e400}"#,
        #"{"text": "a", "threshold": {"a": 1e400}}"#, #"{"text": "a", "abstain": "0.05"}"#,
        #"{"text": "a", "threshold": NaN}"#, #"{"text": "a", "threshold": "0.5"}"#,
        #"{"text": "a", "threshold": [0.5]}"#, #"{"text": "a", "threshold": {"a": {}}}"#,
        #"{"text": "a", "logits": 1}"#, #"{"text": "a", "logits": "true"}"#,
        "\u{0}", "{\"text\": \"a\u{0}b\"}",
    ].map { Case($0, 400, "bad_request") }

    private static let bytes: [Case] = [
        // Not UTF-8: a stray byte, an overlong form, a surrogate, UTF-16.
        Case(Data(#"{"text": ""#.utf8) + [0xff] + Data(#""}"#.utf8), 400, "bad_request"),
        Case(Data(#"{"text": ""#.utf8) + [0xc0, 0xaf] + Data(#""}"#.utf8), 400, "bad_request"),
        Case(
            Data(#"{"text": ""#.utf8) + [0xed, 0xa0, 0x80] + Data(#""}"#.utf8), 400, "bad_request"),
        Case(Data([0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]), 400, "bad_request"),
        Case(
            #"{"text": "a", "threshold": "# + String(repeating: "[", count: 100_000), 400,
            "bad_request"),
        Case(
            #"{"text": "a", "threshold": "# + String(repeating: "[", count: 300)
                + String(repeating: "]", count: 300) + "}", 400, "bad_request"),
        Case(
            #"{"text": "a", "threshold": {"# + String(repeating: #""a": {"#, count: 3_000), 400,
            "bad_request"),
        Case(String(repeating: "[", count: 100_000), 400, "bad_request"),
        Case(
            #"{"text": "a", "threshold": ["# + String(repeating: "0,", count: 60_000) + "0]}", 400,
            "bad_request"),
    ]

    private static let unprocessable = [
        Case(#"{"text": ""}"#, 422, "invalid_text"),
        Case(#"{"text": " \t\r\n "}"#, 422, "invalid_text"),
        Case(#"{"text": "a\u0000b"}"#, 422, "invalid_text"),
        Case(#"{"texts": ["a", ""]}"#, 422, "invalid_text"),
        Case(#"{"text": "a", "pair": "b"}"#, 422, "invalid_text"),
        Case(#"{"texts": ["a", "b", "c", "d"]}"#, 422, "too_many_texts"),
        Case(#"{"text": "\#(String(repeating: "é", count: 101))"}"#, 422, "invalid_text"),
    ]

    /// Options of the right type, with values that none may have.
    private static let outOfRange = [
        #""top_k": 0"#, #""top_k": -1"#, #""top_k": -99999999999999999999999"#,
        #""threshold": 1.01"#, #""threshold": 2"#, #""threshold": -0.1"#,
        #""threshold": {"class 0": 2}"#, #""abstain": 2"#, #""abstain": 0"#, #""abstain": -0.1"#,
    ].map { Case(#"{"text": "a", \#($0)}"#, 422, "invalid_option") }

    @Test("every one is answered with what was expected, and the next right one as ever")
    func bodies() async throws {
        let scene = try Scene(.classes(2))
        defer { scene.remove() }
        let server = try await TestServer(scene) {
            $0.limits.texts = 3
            $0.limits.characters = 100
        }
        for wrong in Self.malformed + Self.bytes + Self.unprocessable + Self.outOfRange {
            let reply = try await server.classify(wrong.body)
            let shown = String(decoding: wrong.body.prefix(60), as: UTF8.self)
            #expect(reply.status == wrong.status, "\(shown): \(reply.text)")
            #expect(reply.code == wrong.code, "\(shown): \(reply.text)")
            #expect(reply.message?.isEmpty == false)
        }
        let document = OpenAPI.document
        for wrong in Self.outOfRange {
            let body = try JSONSerialization.jsonObject(with: wrong.body)
            #expect(!document.faults(body, document.schema("ClassifyRequest"), "body").isEmpty)
        }
        let place = try await server.classify(#"{"texts": ["a", "b", " "]}"#)
        #expect(place.message?.hasPrefix("texts[2]: ") == true)
        let unreadable = try await server.classify(#"{"text": "a", "threshold": {"a": 1e400}}"#)
        #expect(unreadable.message?.contains("at byte 33: a number is out of range") == true)
        // More than there are labels is all of them, however many more.
        let all = #"{"text": "a", "top_k": 99999999999999999999999}"#
        #expect(try await server.classify(all).status == 200)
        let longest = String(repeating: "é", count: 100)
        #expect(try await server.classify(["texts": [longest, "b", "c"]]).status == 200)
        // Characters that JSON writes in two escapes, and a byte order mark.
        let emoji = try await server.classify("\u{feff}" + #"{"text": "\ud83e\udd8a"}"#)
        #expect(emoji.status == 200)
        await server.end()
    }

    @Test("bytes that are not HTTP, and bodies that end too soon, end their connection alone")
    func notHTTP() async throws {
        let scene = try Scene(.classes(2))
        defer { scene.remove() }
        let server = try await TestServer(scene) { $0.limits.seconds = 0.2 }
        let port = server.port
        for bytes in [
            "\r\n\r\n", "GET\r\n\r\n", "\u{0}\u{1}\u{2}\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
            "POST /v1/models/toy/classify HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
            "POST /v1/models/toy/classify HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
                + "Content-Type: application/json\r\n\r\nzz\r\n",
            "GET /\(String(repeating: "a", count: 200_000)) HTTP/1.1\r\n\r\n",
        ] {
            try await blocking {
                let connection = try RawConnection(port: port)
                // It may be closed while this is sent.
                try? connection.send(Data(bytes.utf8))
                connection.closeOutput()
                try? connection.waitForEnd()
            }
        }
        let half = TestServer.head(
            "POST", "/v1/models/toy/classify",
            ["Content-Type": "application/json", "Content-Length": "100"])
        let late = try await blocking {
            let connection = try RawConnection(port: port)
            try connection.send(half + Data(#"{"text": "#.utf8))
            return try connection.reply()
        }
        #expect(late.status == 408)
        #expect(late.code == "body_timeout")
        let ended = try await blocking {
            let connection = try RawConnection(port: port)
            try connection.send(half + Data(#"{"text": "#.utf8))
            connection.closeOutput()
            return try? connection.reply()
        }
        #expect(ended == nil || ended?.status == 400)
        #expect(try await server.classify(#"{"text": "a"}"#).status == 200)
        await server.end()
    }

    @Test("a body that is too large is refused, whether or not it says so beforehand")
    func tooLarge() async throws {
        let scene = try Scene(.classes(2))
        defer { scene.remove() }
        let server = try await TestServer(scene) { $0.limits.bodyBytes = 1000 }
        let body = Data(#"{"text": "\#(String(repeating: "a", count: 1000))"}"#.utf8)
        let declared = try await server.classify(body)
        #expect(declared.status == 413)
        #expect(declared.code == "body_too_large")
        let port = server.port
        let chunked = try await blocking {
            let connection = try RawConnection(port: port)
            try connection.send(
                TestServer.head(
                    "POST", "/v1/models/toy/classify",
                    ["Content-Type": "application/json", "Transfer-Encoding": "chunked"]))
            for _ in 0..<5 {
                try connection.send(
                    Data("190\r\n".utf8) + Data(repeating: 0x20, count: 400) + Data("\r\n".utf8))
            }
            return try connection.reply()
        }
        #expect(chunked.status == 413)
        let fits = Data(#"{"text": "\#(String(repeating: "a", count: 1000 - 12))"}"#.utf8)
        #expect(fits.count == 1000)
        #expect(try await server.classify(fits).status == 200)
        await server.end()
    }

    @Test("wrong paths, methods and types of body say which are right")
    func routes() async throws {
        let scene = try Scene(.classes(2))
        defer { scene.remove() }
        let server = try await TestServer(scene)
        for path in [
            "/", "/v1", "/v1/models/", "/v1/models/toy/", "/v1/models/toy/classify/x", "//",
        ] {
            #expect(try await server.get(path).status == 404, "\(path)")
        }
        let unknown = try await server.get("/v1/models/other")
        #expect(unknown.code == "unknown_model")
        #expect(unknown.message?.contains("toy") == true)
        #expect(try await server.get("/v1/models/%74oy?x=1").status == 200)
        #expect(try await server.get("/v1/models/..%2F..%2Fetc").code == "unknown_model")
        let method = try await server.get("/v1/models/toy/classify")
        #expect(method.status == 405)
        #expect(method.headers["allow"] == "POST")
        #expect(try await server.send("DELETE", "/v1/models").headers["allow"] == "GET, HEAD")
        let head = try await server.send("HEAD", "/healthz")
        #expect(head.status == 200)
        #expect(head.body.isEmpty)
        let body = Data(#"{"text": "a"}"#.utf8)
        for type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp"] {
            let reply = try await server.send(
                "POST", "/v1/models/toy/classify", ["Content-Type": type], body: body)
            #expect(reply.status == 415, "\(type)")
        }
        let compressed = try await server.send(
            "POST", "/v1/models/toy/classify",
            ["Content-Type": "application/json", "Content-Encoding": "gzip"], body: body)
        #expect(compressed.status == 415)
        let charset = try await server.send(
            "POST", "/v1/models/toy/classify",
            ["Content-Type": "Application/JSON; charset=utf-8"], body: body)
        #expect(charset.status == 200)
        await server.end()
    }
}
