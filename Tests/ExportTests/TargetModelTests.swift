import Export
import Foundation
import Metrics
import Support
import Tasks
import TestSupport
import Testing

/// Models that answer with several labels, or with a number.
@Suite struct TargetModelTests {
    private static let spaces: [TargetSpace] = [
        .labels(3), .number(NumberScale(mean: 40, deviation: 2.5)),
    ]

    /// A portfolio with three replicas of a head beside another one.
    private func model(_ targets: TargetSpace, _ width: Int = 12) throws -> Model {
        let view = ModelConfiguration.View(
            encoder: .init(name: "none", digest: String(repeating: "0", count: 64)),
            pairing: .joint, layers: [0, 1], maximumLength: 24, width: width)
        let labels = targets.kind == .number ? [] : RandomModels.labels(targets.outputs)
        let configuration = ModelConfiguration(
            task: "toy", hasPairs: false, labels: labels, targets: targets, positiveLabel: nil,
            views: [view],
            members: [
                .init(
                    genotype: "layer(of=mix) > projection > pool-mean > classifier",
                    layers: [0, 1], weight: 0.25, replicas: 3),
                .init(
                    genotype: "layer(of=1) > projection > pool-max > classifier", layers: [1],
                    weight: 0.75),
            ], temperature: targets.kind == .number ? 1 : 1.5,
            thresholds: targets.kind == .labels ? [0.25, 0.5, 0.75] : nil)
        return try RandomModels.portfolio(configuration, key: RandomKey(seed: 9))
    }

    @Test("config.json keeps targets, thresholds and scale", arguments: spaces)
    func roundTrip(_ space: TargetSpace) throws {
        let directory = try TinyEncoder.temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let model = try model(space)
        let url = directory.appendingPathComponent("config.json")
        try JSONEncoder().encode(model.configuration).write(to: url)
        let again = try ModelConfiguration.load(url)
        #expect(again == model.configuration && again.targets == space)
        #expect(again.formatVersion == 6)
        #expect(again.metadataOfTargets == model.configuration.metadataOfTargets)
    }

    @Test(
        "a config.json whose targets contradict each other is refused",
        arguments: [
            ("thresholds", "[0.5]", "thresholds"), ("thresholds", "[0.5, 2, 0.5]", "thresholds"),
            ("thresholds", "null", "thresholds"), ("target", "null", "target is missing"),
            ("target", "\"class\"", "target is `class`"), ("target", "\"number\"", "labels"),
            ("scale", "{\"mean\": 0, \"deviation\": 1}", "scale without a number"),
            ("formatVersion", "5", "target is `labels` in format 5"),
            ("formatVersion", "8", "expected 2 to 7"), ("target", "\"ranks\"", "target"),
        ])
    func hostile(_ key: String, _ value: String, _ expected: String) throws {
        let directory = try TinyEncoder.temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let url = directory.appendingPathComponent("config.json")
        let data = try JSONEncoder().encode(try model(.labels(3)).configuration)
        var object = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
        object[key] = try JSONSerialization.jsonObject(
            with: Data(value.utf8), options: .fragmentsAllowed)
        try JSONSerialization.data(withJSONObject: object).write(to: url)
        let error = #expect(throws: ModelError.self) { try ModelConfiguration.load(url) }
        #expect("\(error.map { "\($0)" } ?? "")".contains(expected), "\(String(describing: error))")
    }

    @Test("a mixture of labels is that of their probabilities; of numbers, theirs")
    func mixture() {
        let members: [Ensemble.Member] = [
            .init(weight: 0.25, replicas: [[2, -1], [0, -3]]),
            .init(weight: 0.75, replicas: [[-1, 40]]),
        ]
        func sigmoid(_ z: Float) -> Double { 1 / (1 + exp(-Double(z))) }
        let mixed = Ensemble.logits(members, temperature: 2, in: .labels(2))
        let share = 0.125 * sigmoid(2) + 0.125 * sigmoid(0) + 0.75 * sigmoid(-1)
        #expect(abs(Double(mixed[0]) - log(share / (1 - share)) / 2) < 1e-6)
        #expect(mixed[1].isFinite)
        let numbers = Ensemble.logits(members, in: .number(NumberScale()))
        #expect(numbers == [-0.5, 29.5])
    }

    @Test(
        "onnxruntime gives the same logits and numbers", .enabled(if: ONNXTests.python != nil),
        arguments: spaces)
    func onnx(_ space: TargetSpace) throws {
        let python = try #require(ONNXTests.python)
        let directory = try TinyEncoder.temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        _ = try ONNXCase(headOnly: model(space), key: RandomKey(seed: 3))
            .write("targets", to: directory)
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("check_onnx.py").path
        let (code, text) = try Process.runToEnd(
            URL(fileURLWithPath: python), [script, directory.path], in: directory)
        #expect(code == 0 && text.contains("1 models, 0 failures"), "\(text)")
    }
}

extension ModelConfiguration {
    /// What has to survive beside equality.
    fileprivate var metadataOfTargets: [Float] { thresholds ?? [] }
}
