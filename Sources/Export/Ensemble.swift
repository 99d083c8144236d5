import Foundation

/// Heads of one genotype, trained with several seeds, that answer together: the probabilities are the
/// mean of the members' (Lakshminarayanan et al., NeurIPS 2017, section 2.4).
public enum Ensemble {
    /// The prefix of a member's tensor names; empty for a single head.
    static func prefix(_ place: Int, of count: Int) -> String {
        count == 1 ? "" : "member.\(place)."
    }

    /// The prefixes of all members.
    static func prefixes(_ count: Int) -> [String] {
        (0..<count).map { prefix($0, of: count) }
    }

    /// The logarithm of the mean of the members' probabilities, so the softmax of the result is
    /// that mean. The logits of a single member stay the same, bit for bit.
    ///
    /// Computed as `log(sum_k exp(l_k - m)) - log R + m`, with `l_k` a member's log-softmax and `m` the
    /// largest of them: a probability too small for a float still has a finite logarithm.
    ///
    /// - Parameters:
    ///   - members: for each member logits, `[examples, classes]`, row by row.
    ///   - classes: number of classes.
    /// - Returns: `[examples, classes]`.
    /// - Precondition: there is at least one member, and all have the same number of whole rows.
    public static func logits(_ members: [[Float]], classes: Int) -> [Float] {
        precondition(!members.isEmpty, "an ensemble has at least one member")
        guard members.count > 1 else { return members[0] }
        let logarithms = members.map { logSoftmax($0, classes: classes) }
        return members[0].indices.map { place in
            let largest = logarithms.map { $0[place] }.max() ?? 0
            let sum = logarithms.reduce(0) { $0 + exp($1[place] - largest) }
            return Float(log(sum / Double(members.count)) + largest)
        }
    }

    /// In double precision: what is averaged differs in the last digits.
    private static func logSoftmax(_ logits: [Float], classes: Int) -> [Double] {
        precondition(logits.count.isMultiple(of: classes), "whole rows")
        var result = logits.map(Double.init)
        for start in stride(from: 0, to: result.count, by: classes) {
            let row = start..<start + classes
            let largest = result[row].max() ?? 0
            let total = largest + log(result[row].reduce(0) { $0 + exp($1 - largest) })
            for place in row { result[place] -= total }
        }
        return result
    }
}
