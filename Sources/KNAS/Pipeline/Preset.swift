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

    /// How many heads are scored and trained.
    public var width: TimePlan.Width {
        switch self {
        case .fast: return TimePlan.Width(96, 24, 6)
        case .standard:
            let selection = SelectionConfiguration()
            return TimePlan.Width(
                SearchConfiguration().candidates, selection.funnel, selection.keep)
        case .thorough: return TimePlan.Width(1000, 128, 24, seeds: 3)
        }
    }

    /// Held-out rows that contestants are compared on, at least.
    public var heldOutRows: Int { self == .fast ? 1000 : SelectionConfiguration().heldOutRows }

    /// What the result is compared with.
    public var controls: ControlChoice {
        self == .thorough ? .full : SelectionConfiguration().controls
    }

    /// The options that it stands for, as they are typed.
    public var arguments: String {
        let seeds = width.seeds.map { " --seeds \($0)" } ?? ""
        return "--candidates \(width.candidates) --funnel \(width.funnel) --keep \(width.keep) "
            + "--held-out-rows \(heldOutRows)\(seeds) --controls \(controls)"
    }
}

extension RunConfiguration {
    /// Takes a preset's choices in place of what it stands for.
    public mutating func apply(_ preset: Preset) {
        apply(preset.width)
        selection.heldOutRows = preset.heldOutRows
        selection.controls = preset.controls
    }
}
