import Features
import Heads
import Support
import Training

/// The heads that were trained, and which of them is exported.
public struct SelectedHeads: Sendable {
    /// Every head that was trained, in the order of trainings.
    public var entries: [Entry]
    /// The index of the head to export.
    public var exportedPlace: Int

    /// The head to export.
    public var exported: Entry { entries[exportedPlace] }

    /// The others that were trained with every seed: what the exported head is compared with on test.
    public var controls: [Entry] {
        entries.indices.filter { $0 != exportedPlace && !entries[$0].seeds.isEmpty }
            .map { entries[$0] }
    }

    /// The best head of the search, or the one that the user gave.
    public var searched: Entry {
        guard let entry = entries.first(where: { $0.role == .searched }) else {
            preconditionFailure("every run has a searched or given head")
        }
        return entry
    }

    /// The finalists, for the leaderboard.
    public var finalists: [Entry] { entries.filter { $0.role == .finalist } }
}

/// The fine step: from ranked heads to the one to export, and its controls.
public struct HeadSelection: Sendable {
    let trainings: HeadTrainings
    let configuration: SelectionConfiguration
    let key: RandomKey
    let note: @Sendable (String) -> Void

    /// - Parameters:
    ///   - key: the run's.
    ///   - note: called with one line about what each step found.
    public init(
        _ trainings: HeadTrainings, _ configuration: SelectionConfiguration, key: RandomKey,
        note: @escaping @Sendable (String) -> Void
    ) {
        self.trainings = trainings
        self.configuration = configuration
        self.key = key
        self.note = note
    }

    /// The name that the search's finalists are trained under.
    private static let finalists = "finalists"

    private var development: HeadDevelopment {
        HeadDevelopment(
            trainings: trainings, configuration: configuration, key: key.child("development"))
    }

    /// Trains a head as a finalist with a part of the data held out, so that a later ``run`` finds it.
    /// - Throws: `BadOption` for a part that does not exist.
    public func trainFinalist(_ genotype: Genotype, part: Int) throws {
        let count = trainings.partCount
        try require((0..<count).contains(part), "--held-out", part, "0 to \(count - 1)")
        try development.train(genotype, part: part, name: Self.finalists)
    }

    /// Trains the finalists, linear heads and controls.
    ///
    /// - Parameters:
    ///   - finalists: the best by score, or the one head that the user gave.
    ///   - isGiven: whether the user gave the head: then it is exported, and has no random control.
    ///   - competing: whether a linear head may be exported instead of the search's best head.
    ///   - limits: what random heads may cost, for each view.
    ///   - test: the test split's features in every view, for the evaluation later.
    ///   - watch: times the stages.
    /// - Throws: `TrainingError`, `Interrupted`.
    public func run(
        _ finalists: [Genotype], isGiven: Bool, competing: Bool, limits: [HeadLimits],
        test: [FeatureSet], watch: Stopwatch
    ) throws -> SelectedHeads {
        var (searched, tried) = try watch.time("finalists") {
            try development.run(
                finalists, contestants: .finalist, best: .searched, test: test,
                name: Self.finalists)
        }
        let linear = LinearHeads(
            trainings: trainings, configuration: configuration, test: test,
            key: key.child("meeting"))
        let (plain, best) = try watch.time("linear heads") {
            let heads = try linear.run(competing: competing)
            if heads.best != nil { try compare(&searched, linear) }
            return heads
        }
        if competing, best == nil {
            note("linear heads do not compete: too many training rows for exact fits")
        }
        let controls = try watch.time("controls") {
            try Controls(
                trainings: trainings, configuration: configuration, limits: limits,
                followsSearch: !isGiven, test: test, key: key
            ).run()
        }
        let entries = [searched] + tried + [plain] + (best.map { [$0] } ?? []) + controls
        return SelectedHeads(entries: entries, exportedPlace: choose(entries))
    }

    /// Tries the search's best head on the parts that the best linear head was tried on.
    private func compare(_ searched: inout Entry, _ linear: LinearHeads) throws {
        guard case .adamW(let training) = searched.recipe else { return }
        let jobs = (0..<linear.comparisonParts).map {
            TrainingJob(genotype: searched.genotype, configuration: training, part: $0)
        }
        searched.trials = try trainings.train(
            jobs, linear.key.child("searched"), stageName: "comparison with linear heads")
    }

    /// The search's best head, or the best linear head where it does at least as well on held-out
    /// rows.
    private func choose(_ entries: [Entry]) -> Int {
        guard let linear = entries.firstIndex(where: { $0.role == .bestLinear }) else {
            note("best head: \(entries[0].genotype)")
            return 0
        }
        let values = [0, linear].map { entries[$0].heldOutScore?.value ?? 0 }
        let linearWins = values[1] >= values[0]
        note(
            "held-out rows: search \(values[0].percentage), best linear head "
                + "\(values[1].percentage)\(linearWins ? ": the linear head is exported" : "")")
        note("best head: \(entries[linearWins ? linear : 0].genotype)")
        return linearWins ? linear : 0
    }
}
