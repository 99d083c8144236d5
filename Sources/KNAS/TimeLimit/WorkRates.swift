import Selection

/// Seconds that searches take, by what was measured.
struct WorkRates {
    /// Of a search.
    let seconds: (TimePlan.Width) -> Double

    /// The widest search that takes no longer; `nil` where none does.
    func widest(in seconds: Double) -> TimePlan.Width? {
        TimePlan.widths.last { self.seconds($0) <= seconds }
    }

    /// The next wider search, where it fits after one that took longer or shorter than was thought.
    /// - Parameters:
    ///   - took: what the last one took.
    ///   - seconds: what is left.
    func wider(than width: TimePlan.Width, took: Double, in seconds: Double) -> TimePlan.Width? {
        let ratio = took / max(1e-3, self.seconds(width))
        return TimePlan.widths.first { $0.candidates > width.candidates }.flatMap { next in
            // What the wider one has in common with it is not done again.
            ratio * (self.seconds(next) - 0.5 * self.seconds(width)) < seconds ? next : nil
        }
    }
}

extension WorkRates {
    /// - Parameters:
    ///   - perHead: seconds of scoring a head.
    ///   - estimate: of training.
    ///   - testRows: rows that the result is judged by.
    ///   - times: how many searches the controls make of one.
    init(perHead: Double, estimate: WorkEstimate, testRows: Int, times: Double) {
        self.init { width in
            perHead * Double(width.candidates)
                + times
                * estimate.seconds(
                    funnel: width.funnel, keep: width.keep, seeds: width.seeds ?? 1,
                    testRows: testRows)
        }
    }
}
