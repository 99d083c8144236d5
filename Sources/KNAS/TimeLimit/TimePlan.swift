import Foundation
import RunStore
import Selection
import Support
import Tasks

/// What a run with a time limit does, in the numbers of the options that give the same result without
/// one.
public struct TimePlan: Sendable, Hashable, Codable {
    /// How wide the search is.
    public struct Width: Sendable, Hashable, Codable {
        /// Heads to score.
        public var candidates: Int
        /// Heads that begin to be trained.
        public var funnel: Int
        /// Heads that are trained to the end.
        public var keep: Int
        /// Trainings of each member on all rows; `nil` for the standard number.
        public var seeds: Int?

        init(_ candidates: Int, _ funnel: Int, _ keep: Int, seeds: Int? = nil) {
            self.candidates = candidates
            self.funnel = funnel
            self.keep = keep
            self.seeds = seeds
        }
    }

    /// Rows of each split; `nil` for all.
    public var rows: RowLimits
    /// Held-out rows that contestants are compared on, at least.
    public var heldOutRows: Int
    /// How wide the search is; `nil` where only linear heads can be fitted in time.
    public var width: Width?

    /// Trainings of a linear head with the whole encoder; `nil` where that stays frozen.
    public var finetuneSeeds: Int?
    /// Epochs of these; `nil` for the standard number.
    public var finetuneEpochs: Int?

    /// What it is kept under in a run's store.
    static let name = "plan"

    /// The plan of a run; `nil` where it has none.
    static func load(_ run: URL) throws -> TimePlan? {
        guard let text = try RunStore.text(name, ofRun: run) else { return nil }
        return try? JSONDecoder().decodeChecked(TimePlan.self, from: Data(text.utf8))
    }

    /// The shortest time limit in seconds.
    static let shortest = 30.0

    /// From the narrowest search to the widest, through those of the presets.
    static let widths: [Width] = [
        Width(24, 8, 2), Width(32, 10, 3), Width(48, 14, 4), Width(64, 18, 5),
        Preset.fast.width, Width(128, 32, 7), Width(160, 40, 8), Width(200, 48, 10),
        Preset.standard.width, Width(400, 80, 14), Width(500, 96, 16, seeds: 2),
        Width(700, 112, 20, seeds: 2), Preset.thorough.width, Width(1500, 192, 32, seeds: 5),
        Width(2000, 256, 48, seeds: 8),
    ]

    /// The options that give the same result, as they are typed.
    public var arguments: [String] {
        var words: [String] = []
        for split in Split.allCases {
            if let limit = rows[split] { words += ["--\(split.rawValue)-rows", "\(limit)"] }
        }
        words += ["--held-out-rows", "\(heldOutRows)"]
        if let width {
            words += [
                "--candidates", "\(width.candidates)", "--funnel", "\(width.funnel)", "--keep",
                "\(width.keep)",
            ]
            if let seeds = width.seeds { words += ["--seeds", "\(seeds)"] }
        }
        if let finetuneSeeds {
            words += ["--unfreeze", "all", "--no-finetune-searched"]
            if let finetuneEpochs { words += ["--finetune-epochs", "\(finetuneEpochs)"] }
            if finetuneSeeds > 1 { words += ["--finetune-seeds", "\(finetuneSeeds)"] }
        }
        return words
    }

    /// Seconds as people write them: `90s`, `10m`, `1h`.
    public static func text(_ seconds: Double) -> String {
        let whole = Int(seconds.rounded())
        if whole >= 3600, whole % 3600 == 0 { return "\(whole / 3600)h" }
        if whole >= 60, whole % 60 == 0 { return "\(whole / 60)m" }
        return "\(whole)s"
    }
}

extension RunConfiguration {
    /// The same run with a plan's numbers.
    mutating func apply(_ plan: TimePlan) {
        selection.heldOutRows = plan.heldOutRows
        if let width = plan.width { apply(width) }
        fineTuning = plan.finetuneSeeds.map { seeds in
            var options = FineTuneOptions(.all, like: selection.training)
            options.tunesSearched = false
            options.seeds = seeds
            options.training.epochs = plan.finetuneEpochs ?? options.training.epochs
            return options
        }
    }

    /// The same run with a search of some width.
    mutating func apply(_ width: TimePlan.Width) {
        search.candidates = width.candidates
        selection.funnel = width.funnel
        selection.keep = width.keep
        selection.seeds = width.seeds
    }
}
