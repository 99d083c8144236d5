import Selection

/// How much work a search does, by one word. Each is a set of options that can be typed as well.
///
///     var configuration = RunConfiguration(task: task, run: run)
///     configuration.apply(.fast)
public enum Preset: String, Sendable, CaseIterable {
    /// A third of the standard's time: fewer heads, compared on fewer held-out rows.
    case fast
    /// This project's standard choices.
    case standard
    /// Four times as many heads, several seeds, and all controls.
    case thorough

    /// Heads to score.
    public var candidates: Int {
        switch self {
        case .fast: 96
        case .standard: SearchConfiguration().candidates
        case .thorough: 1000
        }
    }

    /// How heads are trained and chosen.
    public var selection: SelectionConfiguration {
        var result = SelectionConfiguration()
        switch self {
        case .fast:
            result.funnel = 24
            result.keep = 6
            result.heldOutRows = 1000
        case .standard: break
        case .thorough:
            result.funnel = 128
            result.keep = 24
            result.seeds = 3
            result.controls = .full
        }
        return result
    }

    /// The options that it stands for, as they are typed.
    public var arguments: String {
        let choice = selection
        let seeds = choice.seeds.map { " --seeds \($0)" } ?? ""
        return "--candidates \(candidates) --funnel \(choice.funnel) --keep \(choice.keep) "
            + "--held-out-rows \(choice.heldOutRows)\(seeds) --controls \(choice.controls)"
    }
}

extension RunConfiguration {
    /// Takes a preset's choices in place of what it stands for.
    public mutating func apply(_ preset: Preset) {
        let choice = preset.selection
        search.candidates = preset.candidates
        selection.funnel = choice.funnel
        selection.keep = choice.keep
        selection.heldOutRows = choice.heldOutRows
        selection.seeds = choice.seeds
        selection.controls = choice.controls
    }
}
