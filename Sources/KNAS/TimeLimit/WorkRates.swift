import Selection

/// Seconds that searches take, by what was measured.
struct WorkRates {
    /// Of scoring a head.
    let perHead: Double
    /// Of training.
    let estimate: WorkEstimate
    /// Rows that the result is judged by.
    let testRows: Int
    /// How many searches the controls make of one.
    let times: Double

    func seconds(_ width: TimePlan.Width) -> Double {
        perHead * Double(width.candidates)
            + times
            * estimate.seconds(
                funnel: width.funnel, keep: width.keep, seeds: width.seeds ?? 1,
                testRows: testRows)
    }

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
