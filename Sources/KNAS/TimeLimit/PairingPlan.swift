import Features
import Selection
import Support

extension Pipeline {
    /// Pairs are read in both ways where that takes no more than this much of the time that is left. An epoch of training
    /// the encoder takes three and a half passes in one sequence, so that three epochs fit into half of what remains. In
    /// less time a wider search of one way finds as much: with 3 to 10 minutes the second way brought nothing on three tasks.
    private static let shareOfBoth = 0.075

    /// A task of pairs whose heads read both texts separately or in one sequence, where there is time for that: the
    /// second way costs a pass of the encoder, and is that in which training the encoder pays.
    /// - Parameters:
    ///   - own: the task, with the pairing that it says.
    ///   - remaining: seconds that are left for the whole run.
    /// - Returns: `nil` where the user chose a way, or a head, where one pass has to do, and where time is short.
    /// - Throws: `EncoderError`, `FeatureError`.
    func readingBothWays(_ own: RowPlan, in remaining: Double) throws -> RowPlan? {
        let (all, allowed) = (own.prepared, Self.shareOfBoth * remaining)
        guard configuration.input.pairings == .task, all.dataset.pairing != nil,
            all.dataset.fewRows == nil, configuration.input.encoders.count == 1,
            configuration.head == nil, configuration.selection.affords(2), own.total() < allowed
        else { return nil }
        var input = configuration.input
        input.pairings = .both
        let both = try RowPlan(
            Preparation(
                all.dataset, [all.views[0].encoder], input, configuration.space,
                threads: configuration.threads, progress: progress, note: note))
        return both.total() < allowed ? both : nil
    }
}
