import Foundation
import Metrics
import Support
import Tasks
import TestSupport
import Testing
import Training

@testable import Audit

@Suite("Labels that are likely wrong")
struct LabelTests {
    /// Every seventh row of train has the other label.
    private func audit(pairs: Bool = false, threads: Int = 2) throws -> AuditResult {
        let workspace = try Workspace(pairs: pairs, wrong: 7)
        defer { workspace.remove() }
        var configuration = AuditConfiguration(task: workspace.task)
        configuration.input.encoders = [workspace.encoder.path]
        configuration.threads = threads
        return try Audit(configuration).run()
    }

    @Test("turned labels are ranked first, with the class that they had and their place")
    func flipped() throws {
        let result = try audit()
        #expect(result.rows.count == 120 && result.splits == ["train": 60, "dev": 20, "test": 40])
        func isTurned(_ row: AuditResult.Row) -> Bool {
            row.file.hasSuffix("train.tsv") && (row.line - 2) % 7 == 6
        }
        let worst = result.worst(11)
        #expect(worst.count(where: isTurned) >= 10, "\(worst.map(\.place))")
        for row in worst where isTurned(row) {
            #expect(row.finding?.likely == (row.text.hasPrefix("good") ? "same" : "other"))
        }
        #expect(worst.count { isTurned($0) && $0.finding?.isLikelyWrong == true } >= 9)
        let labels = try #require(result.labels)
        #expect(abs(labels.likelyWrong - 11) <= 3 && labels.agreement > 0.85)
        #expect(Set(labels.order) == Set(result.rows.indices))
        #expect(labels.overlaps.count == 1 && labels.overlaps[0].first == "other")
        // A carved row is named by the line that it has in the file of train.
        #expect(result.rows.contains { $0.split == .dev && $0.file.hasSuffix("train.tsv") })
        for row in result.rows {
            let finding = try #require(row.finding)
            #expect(abs(finding.probabilities.reduce(0, +) - 1) < 1e-4)
            #expect(abs(finding.kernelProbabilities.reduce(0, +) - 1) < 1e-4)
        }
    }

    @Test("threads change nothing, for pairs and for single texts", arguments: [false, true])
    func threads(pairs: Bool) throws {
        let tables = try [1, 3].map { threads in
            let table = AuditTable(try audit(pairs: pairs, threads: threads))
            // The directory differs.
            return table.csv.split(separator: "\n").map {
                $0.split(separator: ",").filter { !$0.contains("/") }
            }
        }
        #expect(tables[0] == tables[1] && tables[0].count == 121)
    }

    @Test("a handful of rows is judged too, and rows that all say the same are not")
    func few() throws {
        let scene = try AuditScene(
            train: ["good,a", "bad,b", "a good day,a", "a bad idea,b"], test: ["good,a"])
        defer { scene.remove() }
        #expect(try scene.audit(labels: true).labels?.order.count == 5)
        let same = try AuditScene(
            train: ["good,a", "Good,b", "good ,a", "good,b", "good,b"], test: ["good,a"])
        defer { same.remove() }
        let result = try same.audit(labels: true)
        #expect(result.labels == nil && result.encoders.isEmpty)
        #expect(result.duplicates.map(\.rows) == [[0, 1, 2, 3, 4, 5]])
        #expect(!AuditTable(result).header.contains("score"))
    }

    @Test("confident learning asks for more than the class has on average")
    func confident() throws {
        let predictions = try Predictions(
            labels: [0, 0, 0, 1, 1],
            probabilities: [0.9, 0.1, 0.8, 0.2, 0.1, 0.9, 0.4, 0.6, 0.55, 0.45], classes: 2)
        let thresholds = LabelJudgement.thresholds(predictions).map { $0 ?? -1 }
        #expect(abs(thresholds[0] - 0.6) < 1e-6 && abs(thresholds[1] - 0.525) < 1e-6)
        // 0.55 for class 0 is below what its rows have.
        #expect(LabelJudgement.confidentClasses(predictions) == [0, 0, 1, 1, nil])
    }

    @Test("the kernel is that of the gradients of many rectifiers")
    func kernel() {
        for angle in stride(from: 0.0, through: .pi, by: .pi / 8) {
            // Directions of the weights of a hidden unit, all round.
            let steps = 20_000
            var (both, product) = (0.0, 0.0)
            for step in 0..<steps {
                let direction = 2 * .pi * (Double(step) + 0.5) / Double(steps)
                let (x, y) = (cos(direction), cos(direction - angle))
                guard x > 0, y > 0 else { continue }
                both += 1 / Double(steps)
                // The squared length of two normal weights is 2 on average.
                product += 2 * x * y / Double(steps)
            }
            let expected = 2 * cos(angle) * both + 2 * product
            #expect(abs(GradientKernel.value(cos(angle)) - expected) < 1e-3)
        }
        let table = ReadoutRows(values: [3, 4, 0, 0, 4, -3], width: 2)
        let kernel = GradientKernel.mean([table, table])
        #expect(abs(kernel[0] - 2) < 1e-6 && abs(kernel[2] - 1 / .pi) < 1e-6)
        // A row of zeros is at right angles to all.
        #expect(abs(kernel[4] - 1 / .pi) < 1e-6 && kernel[1] == kernel[3])
    }
}
