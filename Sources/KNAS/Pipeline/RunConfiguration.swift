import Encoders
import Foundation
import RunStore
import Scoring
import Search
import Selection
import Support
import Tasks
import Training

/// All choices of a run, in the groups that its stages take.
///
///     var configuration = RunConfiguration(
///         task: URL(fileURLWithPath: "tasks/front-desk.yml"),
///         run: URL(fileURLWithPath: "runs/front-desk", isDirectory: true))
///     configuration.search.candidates = 200
///     configuration.selection.seeds = 5
///     let result = try Pipeline(configuration).run()
public struct RunConfiguration: Sendable {
    /// Task, encoders, and what heads may read.
    public var input: InputConfiguration
    /// Which heads there are.
    public var space = SpaceConfiguration()
    /// How they are proposed and scored.
    public var search = SearchConfiguration()
    /// How the head to export is chosen among the best by score.
    public var selection = SelectionConfiguration()
    /// Whether and how encoder layers are trained with the best head.
    public var fineTuning: FineTuneOptions?
    /// Whether fewer heads are scored and trained where there are few rows.
    public var fitsFewRows = false
    /// A head to train instead of searching for one.
    public var head: String?
    /// The seed of everything random.
    public var seed: UInt64 = 1
    /// Threads; the results do not depend on it.
    public var threads = Parallel.availableThreads
    /// Where the results go.
    public var run: URL
    /// What to do with a run that already exists.
    public var mode = RunStore.Mode.new
    /// Seconds that the whole run may take; what it does is then planned from what it measures.
    public var timeLimit: Double?
    /// Whether the encoder is not trained, whatever time is left.
    public var freezesEncoder = false
    /// Whether nothing more is trained: a stopped run ends with what it has found.
    public var finishes = false
    /// The command line that reproduces this result, as the report shows it; `nil` for runs that
    /// were not started by a command line.
    public var command: String?

    /// A run with this project's standard choices.
    public init(task: URL, run: URL) {
        input = InputConfiguration(task: task)
        self.run = run
    }

    /// Scores and trains as many heads as few rows can tell apart, where nobody asked for so many; none where
    /// exact linear heads answer better alone.
    mutating func narrow(to few: FewRows) {
        guard head == nil, timeLimit == nil else { return }
        if !few.isEnoughToTrain, fineTuning == nil, selection.fitsLinearHeads {
            search.candidates = 0
        }
        guard fitsFewRows else { return }
        search.candidates = min(search.candidates, 128)
        selection.funnel = min(selection.funnel, 32)
    }

    /// - Throws: `BadOption`.
    func check() throws {
        try search.check()
        try selection.check()
        try require(
            head != nil || selection.keep <= search.candidates, "--keep", selection.keep,
            "at most --candidates (\(search.candidates))")
        try require((1...1024).contains(threads), "--threads", threads, "1 to 1024")
        try space.check()
        try require(
            !selection.averagesSeeds || fineTuning == nil, "--ensemble", "on",
            "a run without --unfreeze, whose seeds each have their own encoder")
        try require(
            input.encoders.count == 1 || fineTuning == nil, "--unfreeze", "on",
            "a run with one encoder")
        if let timeLimit {
            try require(
                timeLimit >= TimePlan.shortest, "--time-limit", TimePlan.text(timeLimit),
                "at least \(TimePlan.text(TimePlan.shortest))")
            try require(
                fineTuning == nil && head == nil, "--time-limit", TimePlan.text(timeLimit),
                "a search without --unfreeze and --head")
        }
        if let fineTuning, !fineTuning.tunesSearched {
            let option = "--no-finetune-searched"
            try require(
                head == nil, option, "on", "a run without --head, which is what is fine-tuned")
            try require(
                fineTuning.hasControl, option, "on",
                "a run without --no-finetune-control: one of the two heads has to be fine-tuned")
        }
        try require(
            !finishes || mode == .resume, "--finish", "on", "together with --resume")
        try fineTuning?.training.check()
        try input.check()
    }
}

/// How heads are proposed and scored.
public struct SearchConfiguration: Sendable {
    /// Heads to score.
    public var candidates = CandidateSearch.Options().candidates
    /// What heads are ranked by.
    public var expression = CandidateSearch.Options().expression
    /// How heads are proposed, by name.
    public var strategy = CandidateSearch.Options().strategy
    /// How heads are scored.
    public var scoring = Scorer.Options()

    /// This project's standard choices.
    public init() {}

    /// - Throws: `BadOption`.
    func check() throws {
        try require(candidates > 0, "--candidates", candidates, "1 or more")
        try scoring.check()
    }
}
