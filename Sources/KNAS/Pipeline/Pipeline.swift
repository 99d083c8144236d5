import Export
import Foundation
import Results
import RunStore
import Selection
import Support
import Tasks

/// A whole run, from files to a model, on one page: each stage takes the result of the one before,
/// its part of the configuration, and a key.
///
///     let pipeline = Pipeline(
///         RunConfiguration(
///             task: URL(fileURLWithPath: "tasks/front-desk.yml"),
///             run: URL(fileURLWithPath: "runs/front-desk", isDirectory: true)),
///         note: { print($0) })
///     let result = try pipeline.run()
///     print(result.exported.test.accuracy)
public struct Pipeline: Sendable {
    var configuration: RunConfiguration
    let progress: ProgressHandler?
    let note: @Sendable (String) -> Void

    /// A run that has not started yet.
    ///
    /// - Parameters:
    ///   - configuration: all choices of the run.
    ///   - progress: called as long stages proceed; may ask for a stop.
    ///   - note: called with one line about what each stage found.
    public init(
        _ configuration: RunConfiguration, progress: ProgressHandler? = nil,
        note: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.progress = progress
        self.note = note
    }

    /// Runs all stages and writes the run directory.
    /// - Throws: the error of the stage that failed; what was finished before is kept.
    public func run() throws -> RunResult {
        try configuration.check()
        if let limit = configuration.timeLimit, !configuration.finishes {
            return try run(within: limit)
        }
        if configuration.finishes, !RunStore.exists(configuration.run) {
            throw FileError.missing(
                path: configuration.run.appendingPathComponent("run.sqlite").path)
        }
        return try resumingPlan().runToTheEnd()
    }

    private func runToTheEnd() throws -> RunResult {
        let watch = Stopwatch(threads: configuration.threads)
        let (pipeline, ground) = try opened(watch, RunDirectory(configuration.run))
        defer { ground.session.close() }
        // What a run with a time limit had found stays where what it was at is not better.
        let before = configuration.finishes ? ground.directory.result() : nil
        let result =
            try finetunedBefore(before)
            ?? pipeline.tuningAsPlanned().run(
                on: ground, earlier: before.flatMap { $0.curve != nil && allows($0) ? $0 : nil })
        try ground.session.complete()
        return result
    }

    /// The answer so far, where the encoder was trained for it, which is not done again; `nil` where it may not stay,
    /// or a training that was stopped may answer.
    private func finetunedBefore(_ before: RunResult?) -> RunResult? {
        guard FineTuneStage.checkpoints(inRun: configuration.run).isEmpty,
            let before, before.exported.role.isFineTuned, allows(before)
        else { return nil }
        note("the answer so far stays: its encoder was trained")
        return before
    }

    /// What a search works on, open.
    struct OpenRun {
        let prepared: Preparation
        /// The same with every layer, for random search; `nil` where that reads what the search reads.
        let everyLayer: Preparation?
        /// What each layer gave.
        let layers: [LayerFinding]
        let splits: ViewSplits
        let session: RunSession
        let directory: RunDirectory
        let watch: Stopwatch
    }

    /// Opens everything, and makes the features.
    /// - Parameter early: rows to make a model from before that.
    func opened(
        _ watch: Stopwatch, _ directory: RunDirectory, _ all: Preparation? = nil,
        early: RowLimits? = nil
    ) throws -> (Pipeline, OpenRun) {
        let (pipeline, prepared, layers) = try opened(watch, all)
        let session = try RunSession(pipeline.configuration, prepared, watch, note)
        do {
            if let early {
                try pipeline.writeEarlyModel(prepared, layers, early, session, directory, watch)
            }
            let everyLayer = pipeline.everyLayer(prepared, layers)
            let splits = try watch.time("features") {
                // One pass of the encoder for all layers that any step reads.
                _ = try pipeline.withLayersBelow(everyLayer ?? prepared).splits()
                return try prepared.splits()
            }
            return (
                pipeline,
                OpenRun(
                    prepared: prepared, everyLayer: everyLayer, layers: layers, splits: splits,
                    session: session, directory: directory, watch: watch)
            )
        } catch {
            session.close()
            throw error
        }
    }

    /// From scores to the files of the run.
    /// - Parameter earlier: an earlier result of the same run, which is kept where this one would be worse
    ///   on held-out rows.
    func run(on open: OpenRun, earlier: RunResult? = nil) throws -> RunResult {
        let watch = open.watch
        let (findings, model) = try found(
            on: open, open.session.memo(isClosed: configuration.finishes))
        let shaded = try watch.time("explanations") { try explainedMistakes(findings, of: model) }
        var result = try RunResult(findings, cost: watch.cost)
        if let earlier, !result.isBetter(than: earlier) { return earlier }
        let before =
            earlier ?? (configuration.mode == .resume ? open.directory.result() : nil)
        if configuration.timeLimit != nil || before?.curve != nil {
            result = result.timed(after: before)
        }
        try open.directory.write(
            result, findings, model: model,
            includesEncoder: configuration.fineTuning?.isStandalone ?? false, shaded: shaded,
            origin: .init(command: configuration.command, choices: configuration.choices))
        // Within a time limit the next step may go on from them, and the user with a run that was to end.
        if configuration.timeLimit == nil, !configuration.finishes {
            FineTuneStage.removeCheckpoints(inRun: configuration.run)
        }
        return result
    }

    /// From scores to the model.
    func found(on open: OpenRun, _ memo: TrainingMemo) throws -> (RunFindings, Model) {
        let (prepared, splits, watch) = (open.prepared, open.splits, open.watch)
        let candidates = try watch.time("search") {
            try search(prepared, open.layers, splits.train, open.session)
        }
        let trainings = trainings(prepared, splits.train, splits.dev, memo)
        let costs = try AnswerCosts(prepared.views, train: splits.train)
        let frozen = try select(candidates, trainings, costs, open, memo)
        let selected = try watch.time("fine-tuning") {
            try fineTune(frozen, trainings, costs, prepared)
        }
        return try watch.time("evaluation") {
            let findings = try RunFindings(
                prepared, layers: open.layers, candidates, selected, costs: costs,
                seed: configuration.seed, threads: configuration.threads)
            return (findings, try findings.model())
        }
    }
}
