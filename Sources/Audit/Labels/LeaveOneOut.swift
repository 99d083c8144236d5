import Foundation
import Metrics
import Scoring
import Selection
import Support
import Training

/// What ridge regression with the gradient kernel says of each row when that row is left out, in closed form:
/// `y_i - w_i / G_ii` (Cawley and Talbot 2004; see `KernelRidge`).
struct LeaveOneOut {
    let labels: [Int32]
    let classes: Int
    let threads: Int
    let progress: ProgressHandler?
    /// Decides the blocks.
    let key: RandomKey

    /// Rows of a kernel at most; more rows are spread over several kernels of about equal size.
    private static let largest = 2_000
    /// What a regression's values are multiplied by to be logits; a temperature does the rest.
    private static let scale = 5.0

    /// - Parameter tables: standardised features of all rows, one table for each layer.
    /// - Throws: `MetricsError`, `Interrupted`.
    /// - Complexity: O(n * largest^2).
    func predictions(_ tables: [ReadoutRows]) throws -> Predictions {
        let blocks = blocks()
        let counter = WorkCounter(
            stage: "kernel", total: blocks.count, unit: "blocks", progress: progress)
        // Each block has a kernel of its own in memory: 32 MB and its eigenvectors.
        let parts = try Parallel.map(count: blocks.count, threads: threads) { place, _ in
            try counter.add(0)
            let values = values(blocks[place], tables)
            try counter.add(1)
            return values
        }
        var logits = [Double](repeating: 0, count: labels.count * classes)
        for (block, values) in zip(blocks, parts) {
            for (place, row) in block.enumerated() {
                for label in 0..<classes {
                    logits[row * classes + label] = Self.scale * values[label][place]
                }
            }
        }
        return try Predictions(
            labels: labels.map(Int.init), probabilities: Self.softmax(logits, classes),
            classes: classes)
    }

    /// For each class the left-out values of a block's rows.
    private func values(_ block: [Int], _ tables: [ReadoutRows]) -> [[Double]] {
        let kernel = GradientKernel.mean(tables.map { $0.subset(block) })
        let targets = (0..<classes).map { label in
            block.map { labels[$0] == label ? 1.0 : 0 }
        }
        let shares = targets.map { target in
            target.map { _ in target.reduce(0, +) / Double(max(1, target.count)) }
        }
        // A single row has nothing to be judged by, and features that are not finite say nothing.
        guard block.count > 1, let ridge = KernelRidge(kernel, block.count) else { return shares }
        return zip(ridge.leaveOneOut(targets), shares).map { values, share in
            zip(values, share).map { $0.isFinite ? $0 : $1 }
        }
    }

    /// Rows by block, with classes spread evenly; each block ascending.
    private func blocks() -> [[Int]] {
        let count = max(1, (labels.count + Self.largest - 1) / Self.largest)
        guard count > 1 else { return [Array(labels.indices)] }
        var blocks = [[Int]](repeating: [], count: count)
        for (row, block) in HeldOutParts.folds(labels, count: count, key: key).enumerated() {
            blocks[block].append(row)
        }
        return blocks
    }

    private static func softmax(_ logits: [Double], _ classes: Int) -> [Float] {
        var result = [Float](repeating: 0, count: logits.count)
        for start in stride(from: 0, to: logits.count, by: classes) {
            let row = logits[start..<start + classes]
            let largest = row.max() ?? 0
            let powers = row.map { exp($0 - largest) }
            let sum = powers.reduce(0, +)
            for (place, power) in powers.enumerated() { result[start + place] = Float(power / sum) }
        }
        return result
    }
}
