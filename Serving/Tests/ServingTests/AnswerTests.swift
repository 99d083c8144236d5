import Foundation
import KNAS
import Metrics
import Testing

@testable import Serving

@Suite("Answers")
struct AnswerTests {
    private func expect(
        _ answer: [String: Any], _ expected: TextClassifier.Classification,
        _ classifier: TextClassifier
    ) {
        #expect(answer["label"] as? String == expected.label)
        let probabilities = answer["probabilities"] as? [String: Double] ?? [:]
        #expect(probabilities.count == classifier.labels.count)
        for (label, probability) in zip(classifier.labels, expected.probabilities) {
            #expect(abs((probabilities[label] ?? -1) - Double(probability)) < 1e-5)
        }
    }

    @Test("one text and several are answered as the model answers them")
    func texts() async throws {
        let scene = try Scene(.classes(3))
        defer { scene.remove() }
        let server = try await TestServer(scene)
        let classifier = try scene.classifier()
        let one = try await server.classify(#"{"text": "  it is good\n"}"#)
        #expect(one.status == 200)
        #expect(one.object["model"] as? String == "toy")
        try expect(one.answers[0], classifier.classify("it is good"), classifier)
        let texts = ["a good day", "what a bad idea", "héllo 🦊", "a good day"]
        let several = try await server.classify(["texts": texts, "logits": true])
        #expect(several.answers.count == texts.count)
        for (answer, text) in zip(several.answers, texts) {
            let expected = try classifier.classify(text)
            expect(answer, expected, classifier)
            let logits = answer["logits"] as? [String: Double] ?? [:]
            #expect(abs((logits["class 1"] ?? 9) - Double(expected.logits[1])) < 1e-4)
        }
        #expect(try await server.classify(["texts": [String]()]).answers.isEmpty)
        await server.end()
    }

    @Test("requests that are answered together are answered as alone, within 1e-5")
    func together() async throws {
        let scene = try Scene(.classes(3))
        defer { scene.remove() }
        let server = try await TestServer(scene)
        let classifier = try scene.classifier()
        let texts = (1...48).map { number in
            (0..<number % 17 + 1).map { "fox\($0 * number)" }.joined(separator: " ")
        }
        try await withThrowingTaskGroup { group in
            for text in texts {
                group.addTask { (text, try await server.classify(["text": text])) }
            }
            for try await (text, reply) in group {
                try expect(reply.answers[0], classifier.classify(text), classifier)
            }
        }
        await server.end()
    }

    @Test("pairs are answered where the model takes pairs, and refused elsewhere")
    func pairs() async throws {
        let scene = try Scene(.classes(2), hasPairs: true)
        defer { scene.remove() }
        let server = try await TestServer(scene)
        let classifier = try scene.classifier()
        let one = try await server.classify(["text": "good", "pair": "bad"])
        try expect(one.answers[0], classifier.classify("good", pair: "bad"), classifier)
        let two = try await server.classify(["texts": ["good", "it"], "pairs": ["bad", "is"]])
        try expect(two.answers[1], classifier.classify("it", pair: "is"), classifier)
        #expect(try await server.classify(["text": "good"]).code == "invalid_text")
        #expect(
            try await server.classify(["texts": ["a"], "pairs": ["a", "b"]]).code == "bad_request")
        #expect(try await server.classify(["texts": ["a"], "pair": "b"]).code == "bad_request")
        await server.end()
    }

    @Test("the most likely classes come in order, and a label below the threshold is null")
    func options() async throws {
        let scene = try Scene(.classes(3))
        defer { scene.remove() }
        let server = try await TestServer(scene)
        let expected = try scene.classifier().classify("it is bad")
        let top = try await server.classify(["text": "it is bad", "top_k": 2]).answers[0]
        let ranked = top["top"] as? [[String: Any]] ?? []
        #expect(ranked.count == 2)
        #expect(ranked[0]["label"] as? String == expected.label)
        #expect(top["probabilities"] == nil)
        #expect(
            (ranked[0]["probability"] as? Double ?? 0) >= (ranked[1]["probability"] as? Double ?? 1)
        )
        let all = try await server.classify(["text": "it is bad", "top_k": 1_000_000])
        #expect((all.answers[0]["top"] as? [Any])?.count == 3)
        let unsure = try await server.classify(["text": "it is bad", "threshold": 1]).answers[0]
        #expect(unsure["label"] is NSNull)
        let sure = try await server.classify(["text": "it is bad", "threshold": 0]).answers[0]
        #expect(sure["label"] as? String == expected.label)
        #expect(
            try await server.classify(#"{"text": "a", "threshold": {"class 1": 0.5}}"#).code
                == "invalid_option")
        await server.end()
    }

    @Test("abstain adds the classes that remain, and the label is null where not exactly one does")
    func abstain() async throws {
        let scene = try Scene(.classes(3), heldOut: 30)
        defer { scene.remove() }
        let server = try await TestServer(scene)
        let classifier = try scene.classifier()
        let texts = ["it is bad", "a good day", "héllo 🦊", "the quick brown fox"]
        var sizes: Set<Int> = []
        for share in [0.05, 0.3, 0.5, 0.9] {
            let answers = try await server.classify(["texts": texts, "abstain": share]).answers
            for (answer, text) in zip(answers, texts) {
                let expected = try classifier.classify(text, abstain: share)
                let set = try #require(answer["set"] as? [String])
                #expect(set == expected.set)
                #expect(answer.keys.contains("label"))
                #expect(answer["label"] as? String == expected.answer)
                sizes.insert(set.count)
            }
        }
        #expect(sizes.isSuperset(of: [0, 3]) && sizes.count > 2, "\(sizes)")
        let both = try await server.classify(
            ["text": "it is bad", "abstain": 0.6, "threshold": 1, "top_k": 1])
        #expect(both.answers[0]["label"] is NSNull && both.answers[0]["set"] != nil)
        #expect(try await server.classify(#"{"text": "a"}"#).answers[0]["set"] == nil)
        let model = try await server.get("/v1/models/toy").object
        #expect(abs((model["least_abstain"] as? Double ?? 0) - 1 / 31) < 1e-9)
        for (value, status, words) in [
            ("0.01", 422, "30 held-out rows promise 0.033 at best"),
            ("0", 422, "between 0 and 1"), ("1", 422, "between 0 and 1"),
            ("-1", 422, "between 0 and 1"), ("1e999", 400, "out of range"),
            ("\"0.1\"", 400, "between 0 and 1"),
            ("true", 400, "between 0 and 1"), ("[0.1]", 400, "between 0 and 1"),
        ] {
            let reply = try await server.classify(#"{"text": "a", "abstain": \#(value)}"#)
            #expect(reply.status == status && reply.text.contains(words), "\(value) \(reply.text)")
            #expect(!reply.text.contains("--"))
        }
        await server.end()
    }

    @Test("an answer says how familiar the text is, where the model knows")
    func familiarity() async throws {
        let scene = try Scene(.number(.init(mean: 3, deviation: 2)), heldOut: 30)
        defer { scene.remove() }
        let server = try await TestServer(scene)
        let texts = ["it is bad", "zq zq zq xj", "a"]
        let answers = try await server.classify(["texts": texts, "abstain": 0.1]).answers
        for (answer, text) in zip(answers, texts) {
            let expected = try scene.classifier().classify(text, abstain: 0.1)
            let familiarity = try #require(expected.familiarity)
            #expect(abs((answer["familiarity"] as? Double ?? 9) - familiarity) < 1e-4)
            #expect(answer["outlier"] as? Bool == expected.isOutlier)
            let interval = try #require(expected.interval)
            let found = answer["interval"] as? [Double] ?? []
            #expect(found.count == 2 && found[0] < found[1])
            #expect(abs((found.first ?? 0) - interval.lowerBound) < 1e-4)
        }
        await server.end()
    }

    @Test("a model with labels, or without held-out rows, says why it cannot abstain")
    func abstainsNot() async throws {
        for (targets, words) in [
            (TargetSpace.labels(3), "several labels"), (.classes(3), "earlier version"),
        ] {
            let scene = try Scene(targets)
            defer { scene.remove() }
            let server = try await TestServer(scene)
            let reply = try await server.classify(#"{"text": "a", "abstain": 0.1}"#)
            #expect(reply.code == "invalid_option" && reply.text.contains(words), "\(reply.text)")
            let answer = try await server.classify(#"{"text": "a"}"#).answers[0]
            #expect(answer["familiarity"] == nil && answer["outlier"] == nil)
            #expect(try await server.get("/v1/models/toy").object["least_abstain"] == nil)
            await server.end()
        }
    }

    @Test("with several labels a text, thresholds are the model's unless the request has others")
    func labels() async throws {
        let scene = try Scene(.labels(3))
        defer { scene.remove() }
        let server = try await TestServer(scene)
        let expected = try scene.classifier().classify("it is bad")
        let own = try await server.classify(["text": "it is bad"]).answers[0]
        #expect(own["labels"] as? [String] == expected.labels)
        #expect(own["label"] == nil)
        let all = try await server.classify(["text": "it is bad", "threshold": 0]).answers[0]
        #expect(all["labels"] as? [String] == ["class 0", "class 1", "class 2"])
        let one = try await server.classify(
            #"{"text": "it is bad", "threshold": {"class 0": 0, "class 1": 1, "class 2": 1}}"#)
        #expect(one.answers[0]["labels"] as? [String] == ["class 0"])
        let unknown = try await server.classify(#"{"text": "a", "threshold": {"class 7": 0.5}}"#)
        #expect(unknown.code == "invalid_option")
        let model = try await server.get("/v1/models/toy").object
        #expect(model["target"] as? String == "labels")
        #expect((model["thresholds"] as? [String: Double])?.count == 3)
        await server.end()
    }

    @Test("a number is answered with its value")
    func number() async throws {
        let scene = try Scene(.number(.init(mean: 3, deviation: 2)))
        defer { scene.remove() }
        let server = try await TestServer(scene)
        let expected = try scene.classifier().classify("it is bad").value ?? 0
        let answer = try await server.classify(["text": "it is bad"]).answers[0]
        #expect(abs((answer["value"] as? Double ?? 0) - expected) < 1e-4)
        #expect(answer.count == 1)
        #expect(
            try await server.classify(["text": "a", "logits": true]).code == "invalid_option")
        await server.end()
    }
}
