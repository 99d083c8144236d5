import Foundation
import Metrics

extension RunResult {
    /// Says that the exported model is no better than chance, where the test rows give no reason to
    /// believe that it is; `nil` where they do.
    ///
    /// A model that tells nothing about the labels has Matthews' coefficient 0, with a standard
    /// deviation of one over the square root of the rows (for two classes n MCC^2 is Pearson's
    /// chi-squared with one degree of freedom; Gorodkin 2004). Below 1.96 of these it is at chance.
    public var chance: String? {
        let test = exported.test
        guard test.count > 0, test.mcc * Double(test.count).squareRoot() < 1.96 else { return nil }
        let rows = exported.confusion.map { $0.reduce(0, +) }
        let place = rows.indices.max { rows[$0] < rows[$1] } ?? 0
        let share = Double(rows.isEmpty ? 0 : rows[place]) / Double(test.count)
        let name = labels.indices.contains(place) ? labels[place] : ""
        return
            "the exported model is at chance: on \(test.count) test rows its answers are not known "
            + String(
                format: "to depend on the text (MCC %.2f, accuracy %.3f); always answering ",
                test.mcc, test.accuracy)
            + "`\(name)` would be right on " + String(format: "%.3f", share)
    }
}
