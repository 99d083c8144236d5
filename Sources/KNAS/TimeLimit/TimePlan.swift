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

    /// Trainings of a linear head with the whole encoder.
    public struct Tuning: Sendable, Hashable, Codable {
        /// How many, each with a seed of its own.
        public var seeds: Int
        /// Epochs of each; `nil` for the standard number.
        public var epochs: Int?
    }

    /// Rows of each split; `nil` for all.
    public var rows: RowLimits
    /// How pairs are encoded; `nil` for the user's choice or the task's.
    public var pairings: PairingChoice?
    /// Held-out rows that contestants are compared on, at least.
    public var heldOutRows: Int
    /// How wide the search is; `nil` where only linear heads can be fitted in time.
    public var width: Width?

    /// How a linear head is trained with the whole encoder; `nil` where that stays frozen.
    public var tuning: Tuning?

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
        if let pairings { words += ["--pairing", pairings.rawValue] }
        words += ["--held-out-rows", "\(heldOutRows)"]
        if let width {
            words += [
                "--candidates", "\(width.candidates)", "--funnel", "\(width.funnel)", "--keep",
                "\(width.keep)",
            ]
            if let seeds = width.seeds { words += ["--seeds", "\(seeds)"] }
        }
        if let tuning {
            words += ["--unfreeze", "all", "--no-finetune-searched"]
            if let epochs = tuning.epochs { words += ["--finetune-epochs", "\(epochs)"] }
            if tuning.seeds > 1 { words += ["--finetune-seeds", "\(tuning.seeds)"] }
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
        search(as: plan)
        fineTuning = plan.tuning.map { tuning in
            var options = FineTuneOptions(.all, like: selection.training)
            options.tunesSearched = false
            options.seeds = tuning.seeds
            options.training.epochs = tuning.epochs ?? options.training.epochs
            return options
        }
    }

    /// The same without the encoder's training.
    mutating func search(as plan: TimePlan) {
        selection.heldOutRows = plan.heldOutRows
        input.pairings = plan.pairings ?? input.pairings
        if let width = plan.width { apply(width) }
    }

    /// The same run with a search of some width.
    mutating func apply(_ width: TimePlan.Width) {
        search.candidates = width.candidates
        selection.funnel = width.funnel
        selection.keep = width.keep
        selection.seeds = width.seeds
    }
}
