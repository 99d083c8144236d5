import Metrics
import Tasks

/// Which labels are likely wrong, and which classes are taken for each other.
///
/// Rows are ranked by the probability that both judges together give to their label (self-confidence); a label
/// counts as likely wrong where confident learning says so (Northcutt, Jiang and Chuang, Confident Learning:
/// Estimating Uncertainty in Dataset Labels, JAIR 2021, section 3.1): another class is more probable than it
/// is on average for the rows that have it as their label.
struct LabelJudgement {
    private let judges: Judges
    private let names: [String]

    init(_ judges: Judges, names: [String]) {
        self.judges = judges
        self.names = names
    }

    private var classes: Int { names.count }

    /// The mean probability of each class among the rows that are labelled with it; `nil` without any.
    static func thresholds(_ predictions: Predictions) -> [Double?] {
        var sums = [Double](repeating: 0, count: predictions.classes)
        var counts = sums
        for (row, label) in predictions.labels.enumerated() {
            sums[label] += Double(predictions.probabilities[row * predictions.classes + label])
            counts[label] += 1
        }
        return zip(sums, counts).map { $1 > 0 ? $0 / $1 : nil }
    }

    /// For each row the class that it confidently belongs to, if any: of those whose probability reaches their
    /// threshold, the most probable.
    static func confidentClasses(_ predictions: Predictions) -> [Int?] {
        let thresholds = thresholds(predictions)
        return (0..<predictions.count).map { row in
            let start = row * predictions.classes
            return (0..<predictions.classes).filter { label in
                thresholds[label].map {
                    Double(predictions.probabilities[start + label]) >= $0
                } ?? false
            }.max {
                let (a, b) = (
                    predictions.probabilities[start + $0], predictions.probabilities[start + $1]
                )
                return a != b ? a < b : $0 > $1
            }
        }
    }

    /// What is known about each row's label.
    func findings() -> [AuditResult.LabelFinding] {
        let both = judges.both
        let scores = both.labels.enumerated().map { both.probabilities[$0 * classes + $1] }
        let order = scores.indices.sorted { (scores[$0], $0) < (scores[$1], $1) }
        var ranks = [Int](repeating: 0, count: order.count)
        for (place, row) in order.enumerated() { ranks[row] = place + 1 }
        let confident = Self.confidentClasses(both)
        return scores.indices.map { row in
            let range = row * classes..<(row + 1) * classes
            return AuditResult.LabelFinding(
                rank: ranks[row], score: Double(scores[row]), likely: names[both.predicted[row]],
                isLikelyWrong: both.predicted[row] != both.labels[row]
                    && confident[row].map { $0 != both.labels[row] } ?? false,
                probabilities: Array(judges.linear.probabilities[range]),
                kernelProbabilities: Array(judges.kernel.probabilities[range]))
        }
    }

    /// What is known about all labels together.
    func summary(_ findings: [AuditResult.LabelFinding]) -> AuditResult.LabelFindings {
        func agreement(_ predictions: Predictions) -> Double {
            ConfusionMatrix(predictions).accuracy
        }
        return AuditResult.LabelFindings(
            likelyWrong: findings.count(where: \.isLikelyWrong), agreement: agreement(judges.both),
            linearAgreement: agreement(judges.linear), kernelAgreement: agreement(judges.kernel),
            overlaps: overlaps(),
            order: findings.indices.sorted { findings[$0].rank < findings[$1].rank })
    }

    /// Classes of which one is predicted for rows of the other.
    private func overlaps() -> [AuditResult.ClassOverlap] {
        var counts = [Int](repeating: 0, count: classes * classes)
        var rows = [Int](repeating: 0, count: classes)
        for (label, predicted) in zip(judges.both.labels, judges.both.predicted) {
            counts[label * classes + predicted] += 1
            rows[label] += 1
        }
        var overlaps: [AuditResult.ClassOverlap] = []
        for first in 0..<classes {
            for second in first + 1..<max(first + 1, classes) {
                let (there, back) = (
                    counts[first * classes + second], counts[second * classes + first]
                )
                guard there + back > 0 else { continue }
                overlaps.append(
                    AuditResult.ClassOverlap(
                        first: names[first], second: names[second], firstAsSecond: there,
                        secondAsFirst: back,
                        share: Double(there + back) / Double(rows[first] + rows[second])))
            }
        }
        // A stable order: where numbers are equal, that of the classes.
        return overlaps.enumerated().sorted { a, b in
            let (x, y) = (
                a.element.firstAsSecond + a.element.secondAsFirst,
                b.element.firstAsSecond + b.element.secondAsFirst
            )
            return x != y ? x > y : a.offset < b.offset
        }.map(\.element)
    }
}
