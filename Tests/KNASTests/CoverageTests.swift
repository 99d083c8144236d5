import Encoders
import Export
import Foundation
import KNAS
import Selection
import Support
import Tasks
import Testing

/// What sets and intervals do on the test rows of bundled tasks, with the default encoder and linear heads.
@Suite struct CoverageTests {
    private static let tasks = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("tasks")

    private static var hasEncoder: Bool {
        EncoderStore.installed().contains(EncoderStore.defaultName)
            || ProcessInfo.processInfo.environment["KNAS_REQUIRE_ENCODER"] != nil
    }

    @Test(
        "the truth is in the set, or the interval, as often as was promised, within two standard errors",
        .enabled(if: hasEncoder), arguments: ["front-desk", "similarity"])
    func coverage(_ name: String) throws {
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("knas-coverage-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: directory) }
        let task = Self.tasks.appendingPathComponent("\(name).yml")
        var configuration = RunConfiguration(task: task, run: directory)
        // Linear heads answer beside one that has hardly been trained.
        configuration.search.candidates = 1
        configuration.search.scoring.examples = 8
        configuration.space.maximumParameters = 20_000
        configuration.selection.funnel = 1
        configuration.selection.keep = 1
        configuration.selection.epochs = 1
        configuration.selection.controls = .none
        let result = try Pipeline(configuration).run()
        let dataset = try Dataset.load(TaskDefinition.load(task), dataDirectory: nil)
        let model = directory.appendingPathComponent("model")
        let heldOut = try #require(
            ModelConfiguration.load(model.appendingPathComponent("config.json")).conformal
        ).rows
        for miscoverage in [0.05, 0.1, 0.2] {
            let outcome = try Evaluation.outcome(
                modelAt: model, on: dataset, split: .test,
                miscoverage: miscoverage, threads: 2)
            let coverage = try #require(outcome.coverage)
            // Both the test rows and the held-out rows are draws.
            let draws = 1 / Double(dataset.test.count) + 1 / Double(heldOut)
            let error = (miscoverage * (1 - miscoverage) * draws).squareRoot()
            #expect(
                abs(coverage.coverage - (1 - miscoverage)) < 2 * error,
                "\(name) \(miscoverage): \(coverage)")
        }
        #expect(result.exported.test.count == dataset.test.count)
    }
}
