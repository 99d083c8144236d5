import Foundation
import Results
import Search
import Selection
import Support
import Tasks

extension RunConfiguration {
    /// The same with linear heads alone.
    var withLinearHeads: RunConfiguration {
        var result = self
        result.search.candidates = 0
        result.selection.controls = .none
        result.selection.fitsLinearHeads = true
        return result
    }
}

extension Pipeline {
    /// A model of linear heads on a few rows, before the features of all are made: whoever stops the run then, has a
    /// model. Nothing else comes of it: its figures would not be comparable with those on all rows.
    /// - Parameters:
    ///   - prepared: what the run reads.
    ///   - limits: the rows.
    /// - Throws: `FeatureError`, `FileError` and the like.
    func writeEarlyModel(
        _ prepared: Preparation, _ layers: [LayerFinding], _ limits: RowLimits,
        _ session: RunSession, _ directory: RunDirectory, _ watch: Stopwatch
    ) throws {
        // A class may have too few rows.
        guard let few = try? prepared.limited(to: limits) else { return }
        try watch.time("first model") {
            let open = OpenRun(
                prepared: few, everyLayer: nil, layers: layers, splits: try few.splits(),
                session: session, directory: directory, watch: Stopwatch())
            let (findings, model) = try Pipeline(
                configuration.withLinearHeads, progress: progress, note: { _ in }
            ).found(on: open, .none)
            try directory.write(model, of: try RunResult(findings, cost: watch.cost), findings)
        }
        note(
            String(format: "first model after %.0f s: ", watch.cost.wallSeconds)
                + "linear heads, of \(few.dataset.train.count) training rows")
    }
}
