import Encoders
import Foundation
import Heads
import Metrics
import Support
import Tasks
import Training

/// Trains the search's best head, and a linear head for comparison, together with encoder layers,
/// starting from the weights trained on the frozen encoder: one seed after another, each on all
/// threads. What answers then is the better one, the portfolio on the frozen encoder, or both together.
public struct FineTuneStage: Sendable {
    let options: FineTuneOptions
    let trainings: HeadTrainings
    let configuration: SelectionConfiguration
    let dataset: Dataset
    let view: View
    /// Where the view is among those of the trainings.
    private let place: Int
    let costs: AnswerCosts
    /// The run's directory.
    let run: URL
    /// What becomes of existing checkpoints.
    let use: FineTuneCheckpoint.Use
    let key: RandomKey
    /// That of the selection's linear heads.
    private let linearKey: RandomKey
    let note: @Sendable (String) -> Void

    /// - Parameters:
    ///   - views: those of the trainings. Of a pair's two, fine-tuning takes that in which both texts are one
    ///     sequence, so that each sees the other in every layer.
    ///   - given: the head that the user gave, which decides the view.
    ///   - costs: what answering costs.
    ///   - run: the directory that checkpoints are kept in.
    ///   - use: what becomes of existing checkpoints.
    ///   - key: the run's.
    ///   - note: called with one line about each seed.
    public init(
        _ options: FineTuneOptions, _ trainings: HeadTrainings,
        _ configuration: SelectionConfiguration, _ dataset: Dataset, _ views: [View],
        given: Genotype?, costs: AnswerCosts, run: URL, use: FineTuneCheckpoint.Use, key: RandomKey,
        note: @escaping @Sendable (String) -> Void
    ) {
        self.options = options
        self.trainings = trainings
        self.configuration = configuration
        self.dataset = dataset
        place = given.map(trainings.spaces.index) ?? Self.place(in: views)
        view = views[place]
        self.costs = costs
        self.run = run
        self.use = use
        self.key = key.child("fine-tuning")
        linearKey = key.child("linear")
        self.note = note
    }

    /// Which of some views is fine-tuned, where the user gave no head.
    public static func place(in views: [View]) -> Int {
        views.firstIndex { $0.pairing == .joint } ?? 0
    }

    /// The checkpoints of fine-tuning in a run's directory; a run that was stopped during
    /// fine-tuning has some, a finished one has none.
    public static func checkpoints(inRun run: URL) -> [URL] { FineTuneCheckpoint.find(inRun: run) }

    /// Fine-tunes and chooses what is exported (``TunedAnswer``). Of fine-tuned heads the one that does better on
    /// dev counts, since a ranking on the frozen encoder need not hold here. A head that the user gave is always
    /// exported, by itself.
    ///
    /// The head is gated beside the exact linear head, which training begins at (``FineTuneGraph``), so that
    /// it is the linear head and what training finds.
    ///
    /// - Parameter isGiven: whether the user gave the head.
    /// - Returns: all entries, the fine-tuned ones among them.
    /// - Throws: as ``train(_:beside:role:name:)``.
    public func run(_ selected: SelectedHeads, isGiven: Bool) throws -> SelectedHeads {
        // Nothing is tested here.
        let contest = Contest(
            trainings: trainings, configuration: configuration,
            test: trainings.views.map { $0[0].dev }, key: key)
        guard let linear = try LinearHeads(contest: contest, key: linearKey).start(inView: place)
        else { throw EncoderError.badUnfrozenCount(count: 1, layers: 0) }
        if options.contrastivePairs > 0 {
            try require(
                view.space.context.segments == 1, "--contrastive-pairs", options.contrastivePairs,
                "0 where the texts of a pair are encoded separately (--pairing joint)")
        }
        var result = selected
        var models: [SelectedModel] = []
        do {
            if options.tunesSearched, let head = head(selected, isGiven: isGiven),
                head.genotype != linear.genotype
            {
                models.append(
                    try model(
                        train(
                            head, beside: options.startsLinear ? linear : nil, role: .fineTuned,
                            name: "winner")))
            }
            if options.hasControl || models.isEmpty {
                models.append(
                    try model(train(linear, beside: nil, role: .fineTunedLinear, name: "linear")))
            }
        } catch is LeftOut {
            note("the encoder is trained no further")
            guard !models.isEmpty else { return selected }
        }
        let tuned = models.map { $0.members[0].entry }
        result.entries += tuned
        let best = isGiven || Self.isWorth(tuned) ? 0 : 1
        if tuned.count > 1, !isGiven {
            note(
                best == 0
                    ? "fine-tuned: the \(models[0].role.title) does better on dev"
                    : "fine-tuned: the \(models[1].role.title) answers: the other does not do better "
                        + "on dev in both \(configuration.training.criterion.metric.rawValue) and loss"
            )
        }
        if isGiven, tuned.count > 1, tuned[1].devValue > tuned[0].devValue {
            note(
                "the linear head does better on dev (\(tuned[1].devValue.percentage) to "
                    + "\(tuned[0].devValue.percentage)): --head \"\(linear.genotype)\" makes it the "
                    + "model")
        }
        result.exported =
            isGiven
            ? models[0]
            : try TunedAnswer(
                frozen: selected.exported, tuned: models[best], configuration: configuration,
                leastGain: options.leastGain, costs: costs,
                together: trainings.views[0].groups(ofFirst: 1),
                key: key.child("answer"), note: note
            ).choose()
        // The best single head is compared with anyway.
        let others =
            (isGiven || selected.exported.role == .single ? [] : [selected.exported]) + models
        result.controls += others.filter { $0.role != result.exported.role }
        return result
    }

    /// Whether the first entry answers rather than the second, the plain linear head: where it does no worse in what
    /// decides, and has the lower cross entropy. Dev is small, and the head with fewer weights needs no reason: over
    /// five seeds on MRPC the two are equal on test.
    static func isWorth(_ tuned: [Entry]) -> Bool {
        guard tuned.count > 1, let linear = tuned[1].heldOutScore else { return true }
        guard let head = tuned[0].heldOutScore else { return false }
        return head.value >= linear.value && head.crossEntropy < linear.crossEntropy
    }

    /// The head that is gated beside the linear one: the search's best in the view that is trained, of those that were
    /// trained to the end where there are any, or the one that the user gave; `nil` where there is none but the
    /// linear head.
    private func head(_ selected: SelectedHeads, isGiven: Bool) -> Entry? {
        if isGiven { return selected.single.members[0].entry }
        let searched = selected.entries.filter {
            $0.isSound && trainings.spaces.index(of: $0.genotype) == place
        }
        for roles in [[Role.contestant, .tuning], [.tried]] {
            let heads = searched.filter { roles.contains($0.role) }
            if let best = Entry.ranking(heads).first { return heads[best] }
        }
        return nil
    }

    /// The best seed on dev, or the mean of some, as a model, calibrated on dev.
    private func model(_ entry: Entry) throws -> SelectedModel {
        try SelectedModel(entry.role, entry, isCalibrated: true)
    }

    /// Removes the checkpoints of a finished run.
    public static func removeCheckpoints(inRun run: URL) {
        for url in checkpoints(inRun: run) { try? FileManager.default.removeItem(at: url) }
        // Removed only when it is empty.
        _ = rmdir(run.appendingPathComponent("checkpoints").path)
    }
}
