import Foundation
import Metrics
import Support
import TestSupport
import Testing

@testable import Selection

@Suite("Answers for rows that were not seen")
struct CrossFitTests {
    @Test("every row is answered once, in its place, and threads change nothing")
    func order() throws {
        let scene = try TextScene(layers: [1, 2])
        defer { scene.workspace.remove() }
        let features = scene.splits.train[0]
        let space = scene.prepared.spaces.spaces[0]
        let genotypes = try LinearHeads.all(in: space, examples: features.count)
        let answers = try [1, 2].map { threads in
            let fit = CrossFit(
                labels: features.labels, threads: threads, progress: nil, key: scene.key)
            return try fit.run(genotypes, in: space, features)
        }
        #expect(answers[0].count == 2)
        for (one, two) in zip(answers[0], answers[1]) {
            #expect(one.predictions.map(\.probabilities) == two.predictions.map(\.probabilities))
            #expect(one.best.labels == features.labels.map(Int.init))
            // The texts of this task say their class.
            #expect(ClassificationMetrics(one.best).accuracy > 0.8)
        }
    }

    @Test("rows of a group are held out together, and classes are spread over the folds")
    func groups() {
        let labels = (0..<40).map { Int32($0 % 2) }
        let fit = CrossFit(
            labels: labels, groups: (0..<40).map { $0 / 4 }, count: 5, threads: 1, progress: nil,
            key: RandomKey(seed: 1))
        for row in 0..<40 { #expect(fit.folds[row] == fit.folds[row / 4 * 4]) }
        #expect(Set(fit.folds) == Set(0..<5))
        let plain = CrossFit(labels: labels, threads: 1, progress: nil, key: RandomKey(seed: 1))
        for fold in 0..<4 {
            #expect(labels.indices.count { plain.folds[$0] == fold && labels[$0] == 0 } == 5)
        }
        // Two rows are enough for two folds.
        let two = CrossFit(labels: [0, 1], threads: 1, progress: nil, key: RandomKey(seed: 1))
        #expect(two.count == 2 && Set(two.folds) == [0, 1])
    }
}
