import Export
import Foundation
import KNAS
import Metrics
import Results
import Selection
import Support
import Tasks
import TestSupport
import Testing

/// Searches on rows with several labels, and with numbers: from the task file to answers.
@Suite struct TargetRunTests {
    private static let words = ["good", "bad", "fox", "quick", "lazy", "dog", "jump", "zebra"]

    /// Rows of words; `answer` makes the label column of their places.
    private static func table(
        _ count: Int, _ seed: UInt64, _ answer: ([Int]) -> String
    ) -> String {
        var generator = RandomKey(seed: seed).generator()
        var rows: Set<String> = []
        var text = "text,label\n"
        while rows.count < count {
            let places = (0..<5).map { _ in generator.index(below: words.count) }
            let line = places.map { words[$0] }.joined(separator: " ")
            guard rows.insert(line).inserted else { continue }
            text += "\(line),\(answer(places))\n"
        }
        return text
    }

    private func run(
        _ workspace: Workspace, _ more: String, _ answer: ([Int]) -> String
    ) throws -> (configuration: RunConfiguration, result: RunResult, dataset: Dataset) {
        let directory = workspace.directory
        for (name, count, seed) in [("train", 120, 1), ("test", 40, 2)] as [(String, Int, UInt64)] {
            try Self.table(count, seed, answer).write(
                to: directory.appendingPathComponent("\(name)-targets.csv"), atomically: true,
                encoding: .utf8)
        }
        let task = directory.appendingPathComponent("targets.yml")
        try """
        columns: {text: text, label: label}
        splits: {train: train-targets.csv, dev: {from: train, rows: 30}, test: test-targets.csv}
        \(more)

        """.write(to: task, atomically: true, encoding: .utf8)
        var configuration = workspace.configuration("targets")
        configuration.input.task = task
        configuration.search.candidates = 4
        configuration.selection.funnel = 2
        configuration.selection.keep = 1
        let result = try Pipeline(configuration).run()
        let dataset = try Dataset.load(TaskDefinition.load(task), dataDirectory: nil)
        return (configuration, result, dataset)
    }

    @Test("several labels a row: search, evaluate, classify, report")
    func labels() throws {
        let workspace = try Workspace(pairs: false)
        defer { workspace.remove() }
        let (configuration, result, dataset) = try run(workspace, "multi-label: true") { places in
            [0, 2, 5].filter(places.contains).map { Self.words[$0] }.joined(separator: ";")
        }
        #expect(result.target == .labels && result.labels == ["dog", "fox", "good"])
        #expect(result.exported.confusion.isEmpty && result.exported.labels?.count == 3)
        #expect((result.exported.test.microF1 ?? 0) > 0.6)
        let model = configuration.run.appendingPathComponent("model")
        let again = try Evaluation.evaluate(
            modelAt: model, on: dataset, split: .test, encoder: workspace.encoder, threads: 2)
        #expect(again == result.exported.test)
        let classifier = try TextClassifier(contentsOf: model, encoder: workspace.encoder)
        let answers = try classifier.classify(dataset.test.map { .init($0.text) })
        let truth = dataset.test.map { $0.target.indices.map { result.labels[$0] } }
        let right = zip(answers, truth).count { Set($0.labels ?? []) == Set($1) }
        #expect(abs(Double(right) / Double(truth.count) - result.exported.test.accuracy) < 0.06)
        #expect(answers.allSatisfy { $0.value == nil && $0.probabilities.count == 3 })
        #expect(throws: (any Error).self) { try classifier.explain("good fox") }
        let refusal = #expect(throws: ModelError.self) {
            try classifier.classify("good fox", abstain: 0.1)
        }
        #expect("\(refusal.map { "\($0)" } ?? "")".contains("each label has a threshold"))
        try checkReport(configuration, has: "labels", hasNot: "confusion")
    }

    @Test("numbers: search, evaluate, classify, report")
    func numbers() throws {
        let workspace = try Workspace(pairs: false)
        defer { workspace.remove() }
        let (configuration, result, dataset) = try run(workspace, "target: number") { places in
            "\(100 + 10 * places.count { $0 < 4 })"
        }
        #expect(result.target == .number && result.labels.isEmpty)
        #expect((result.exported.test.pearson ?? 0) > 0.5)
        let model = configuration.run.appendingPathComponent("model")
        let again = try Evaluation.evaluate(
            modelAt: model, on: dataset, split: .test, encoder: workspace.encoder, threads: 2)
        #expect(again == result.exported.test)
        let classifier = try TextClassifier(contentsOf: model, encoder: workspace.encoder)
        let values = try classifier.classify(dataset.test.map { .init($0.text) }).compactMap(
            \.value)
        let pearson = RankStatistics.pearson(values, dataset.test.compactMap(\.target.value))
        #expect(abs((pearson ?? 0) - (result.exported.test.pearson ?? 1)) < 0.01)
        #expect(values.allSatisfy { (60...190).contains($0) })
        let sure = try classifier.classify(dataset.test.map { .init($0.text) }, abstain: 0.1)
        let held = zip(sure, dataset.test).count { answer, row in
            answer.interval?.contains(row.target.value ?? .nan) == true
        }
        // 40 rows: two standard errors are 0.1.
        #expect(held >= 32 && sure.allSatisfy { $0.set == nil })
        try checkReport(configuration, has: "numbers", hasNot: "calibration")
        let head = try RunResult.load(configuration.run.appendingPathComponent("result.json"))
        #expect(head.exported.test == result.exported.test)
        let overview = try RunOverview(configuration.run)
        #expect(overview.metric == .pearson && overview.testAccuracy == nil)
        #expect(overview.testScore == result.exported.test.pearson)
        #expect(overview.heldOutScore == result.exported.heldOut?.pearson)
    }

    @Test("what needs classes says so", arguments: ["fine-tuning", "balanced classes"])
    func refusals(_ what: String) throws {
        let workspace = try Workspace(pairs: false)
        defer { workspace.remove() }
        #expect(throws: RunError.self) {
            try Self.table(60, 1) { "\($0[0])" }.write(
                to: workspace.directory.appendingPathComponent("n.csv"), atomically: true,
                encoding: .utf8)
            let task = workspace.directory.appendingPathComponent("n.yml")
            try """
            columns: {text: text, label: label}
            splits: {train: n.csv, test: {from: train, rows: 10}}
            target: number

            """.write(to: task, atomically: true, encoding: .utf8)
            var configuration = workspace.configuration("refused")
            configuration.input.task = task
            if what == "fine-tuning" {
                configuration.fineTuning = FineTuneOptions(.top(1))
            } else {
                configuration.selection.training.balancesClasses = true
            }
            _ = try Pipeline(configuration).run()
        }
    }

    private func checkReport(
        _ configuration: RunConfiguration, has: String, hasNot: String
    ) throws {
        let page = try String(
            contentsOf: configuration.run.appendingPathComponent("report.html"), encoding: .utf8)
        #expect(page.contains("<h2 id=\"\(has)\">") && !page.contains("id=\"\(hasNot)\""))
        #expect(!page.contains(">nan<") && !page.contains("NaN"))
    }
}
