import Foundation
import RunStore
import Selection
import Support

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
        /// Trainings of each member on all rows.
        public var seeds: Int
    }

    /// Training rows; `nil` for all.
    public var trainRows: Int?
    /// Held-out rows that contestants are compared on, at least.
    public var heldOutRows: Int
    /// How wide the search is; `nil` where only linear heads can be fitted in time.
    public var width: Width?

    /// What it is kept under in a run's store.
    static let name = "plan"

    /// The plan of a run; `nil` where it has none.
    static func load(_ run: URL) throws -> TimePlan? {
        guard let text = try RunStore.text(name, ofRun: run) else { return nil }
        return try? JSONDecoder().decodeChecked(TimePlan.self, from: Data(text.utf8))
    }

    /// The shortest time limit in seconds.
    static let shortest = 30.0

    /// From the narrowest search to the widest; the sixth is this project's standard.
    static let widths: [Width] = [
        Width(candidates: 24, funnel: 8, keep: 2, seeds: 1),
        Width(candidates: 48, funnel: 12, keep: 4, seeds: 1),
        Width(candidates: 96, funnel: 24, keep: 6, seeds: 1),
        Width(candidates: 150, funnel: 36, keep: 8, seeds: 1),
        Width(candidates: 200, funnel: 48, keep: 10, seeds: 1),
        Width(candidates: 300, funnel: 64, keep: 12, seeds: 1),
        Width(candidates: 500, funnel: 96, keep: 16, seeds: 2),
        Width(candidates: 800, funnel: 128, keep: 24, seeds: 3),
        Width(candidates: 1000, funnel: 192, keep: 32, seeds: 5),
        Width(candidates: 2000, funnel: 256, keep: 48, seeds: 8),
    ]

    /// The options that give the same result, as they are typed.
    public var arguments: [String] {
        var words: [String] = []
        if let trainRows { words += ["--train-rows", "\(trainRows)"] }
        words += ["--held-out-rows", "\(heldOutRows)"]
        if let width {
            words += [
                "--candidates", "\(width.candidates)", "--funnel", "\(width.funnel)", "--keep",
                "\(width.keep)", "--seeds", "\(width.seeds)",
            ]
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
        guard let width = plan.width else { return }
        search.candidates = width.candidates
        selection.funnel = width.funnel
        selection.keep = width.keep
        selection.seeds = width.seeds
    }
}
