/// How often each label was given and is true: what F1 of several labels a row follows from.
public struct LabelCounts: Sendable, Equatable {
    /// Rows with the label that were given it, `[labels]`.
    public private(set) var truePositives: [Int]
    /// Rows that were given the label.
    public private(set) var given: [Int]
    /// Rows that have the label.
    public private(set) var present: [Int]

    /// Counts rows, each as often as it is named; `nil` for all.
    /// - Precondition: rows have labels.
    public init(_ predictions: Predictions, rows: [Int]?) {
        guard case .labels(let truth, let count) = predictions.targets else {
            preconditionFailure("several labels a row")
        }
        truePositives = Array(repeating: 0, count: count)
        given = truePositives
        present = truePositives
        func add(_ row: Int) {
            for label in 0..<count {
                let isGiven = predictions.isGiven(label, row: row)
                let isTrue = truth[row * count + label] > 0
                if isGiven { given[label] += 1 }
                if isTrue { present[label] += 1 }
                if isGiven, isTrue { truePositives[label] += 1 }
            }
        }
        if let rows { rows.forEach(add) } else { (0..<predictions.count).forEach(add) }
    }

    /// F1 of all labels of all rows together; 0 if no label is true or given.
    public var microF1: Double {
        Self.f1(
            truePositives.reduce(0, +), given.reduce(0, +) + present.reduce(0, +))
    }

    /// Mean F1 of the labels that are true or given somewhere.
    public var macroF1: Double {
        let seen = given.indices.filter { given[$0] + present[$0] > 0 }
        return seen.reduce(0) { $0 + f1(of: $1) } / Double(max(1, seen.count))
    }

    /// F1 of a label; 0 if it is true and given nowhere.
    public func f1(of label: Int) -> Double {
        Self.f1(truePositives[label], given[label] + present[label])
    }

    /// The share of the given that is true; 0 if none is given.
    public func precision(of label: Int) -> Double {
        Double(truePositives[label]) / Double(max(1, given[label]))
    }

    /// The share of the true that is given; 0 if none is true.
    public func recall(of label: Int) -> Double {
        Double(truePositives[label]) / Double(max(1, present[label]))
    }

    private static func f1(_ both: Int, _ sum: Int) -> Double {
        sum == 0 ? 0 : 2 * Double(both) / Double(sum)
    }
}

/// How well probabilities rank rows: the mean over the true ones of the precision at their place,
/// `sum_n (R_n - R_(n-1)) P_n` over distinct probabilities, as scikit-learn computes it.
public struct AveragePrecision: Sendable, Equatable {
    /// Of each label; `nil` where no row has it.
    public let labels: [Double?]
    /// Of all labels of all rows in one ranking; 0 where there are none.
    public let pooled: Double

    /// Mean over the labels that occur; 0 where none does.
    public var mean: Double {
        let known = labels.compactMap { $0 }
        return known.reduce(0, +) / Double(max(1, known.count))
    }

    /// - Precondition: rows have labels.
    public init(_ predictions: Predictions) {
        guard case .labels(let truth, _) = predictions.targets else {
            preconditionFailure("several labels a row")
        }
        self.init(predictions, truth)
    }

    init(_ predictions: Predictions, _ truth: [Float]) {
        let count = predictions.classes
        labels = (0..<count).map { label in
            let places = (0..<predictions.count).map { $0 * count + label }
            return Self.of(
                places.map { predictions.probabilities[$0] }, places.map { truth[$0] > 0 })
        }
        pooled = Self.of(predictions.probabilities, truth.map { $0 > 0 }) ?? 0
    }

    /// The average precision of one ranking; `nil` where nothing is true.
    /// - Complexity: O(n log n).
    public static func of(_ scores: [Float], _ isTrue: [Bool]) -> Double? {
        let total = isTrue.count { $0 }
        guard total > 0 else { return nil }
        let order = scores.indices.sorted { scores[$0] > scores[$1] }
        var (sum, found, seen) = (0.0, 0, 0)
        while seen < order.count {
            let score = scores[order[seen]]
            let before = found
            while seen < order.count, scores[order[seen]] == score {
                if isTrue[order[seen]] { found += 1 }
                seen += 1
            }
            sum += Double(found - before) / Double(total) * Double(found) / Double(seen)
        }
        return sum
    }
}

/// From which probability on a row is said to have a label.
public enum Thresholds {
    /// What a threshold may be: further out, a handful of rows decide.
    public static let range: ClosedRange<Float> = 0.1...0.9
    /// Imagined rows that a threshold of 0.5 has right: a rare label's threshold stays near it.
    private static let caution = 2.0

    /// For each label the threshold with the best F1 on held-out rows, half way between two
    /// probabilities; 0.5 where nothing is known. `nil` where rows have no labels.
    ///
    /// So that few rows do not decide alone, F1 is that with some imagined rows more, of which the fewer are
    /// right the further a threshold is from 0.5.
    public static func fit(_ heldOut: Predictions) -> [Float]? {
        guard case .labels(let truth, let count) = heldOut.targets else { return nil }
        return (0..<count).map { label in
            let places = (0..<heldOut.count).map { $0 * count + label }
            return best(
                places.map { heldOut.probabilities[$0] }, places.map { truth[$0] > 0 })
        }
    }

    private static func best(_ scores: [Float], _ isTrue: [Bool]) -> Float {
        let total = isTrue.count { $0 }
        guard total > 0 else { return 0.5 }
        let order = scores.indices.sorted { scores[$0] > scores[$1] }
        func value(_ found: Int, _ given: Int, _ threshold: Float) -> Double {
            let imagined = caution * (1 - 2 * Double(abs(threshold - 0.5)))
            return (2 * Double(found) + 2 * imagined)
                / (Double(given + total) + 2 * caution)
        }
        var best = (value: -1.0, threshold: Float(0.5))
        func consider(_ found: Int, _ given: Int, _ threshold: Float) {
            guard range.contains(threshold) else { return }
            let value = value(found, given, threshold)
            let isNearer = abs(threshold - 0.5) < abs(best.threshold - 0.5)
            if value > best.value || value == best.value && isNearer {
                best = (value, threshold)
            }
        }
        let atHalf = order.prefix { scores[$0] >= 0.5 }
        consider(atHalf.count { isTrue[$0] }, atHalf.count, 0.5)
        var found = 0
        for (place, row) in order.enumerated() {
            if isTrue[row] { found += 1 }
            let next = place + 1 < order.count ? scores[order[place + 1]] : 0
            guard scores[row] > next else { continue }
            consider(found, place + 1, (scores[row] + next) / 2)
        }
        return best.threshold
    }
}
