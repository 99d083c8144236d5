import Features
import Selection
import Support
import Tasks

/// Which rows can be read in time: encoding is the one piece of work that cannot end early.
struct RowPlan {
    /// Of the time that is left, this much may go into features.
    private static let share = 0.45
    /// Of that, this much may go into held-out rows and test rows: the rest is for training.
    private static let shares: [Split: Double] = [.dev: 0.25, .test: 0.35]
    /// Seconds of features, and of those for a model before that: with what else there is, it comes within a minute.
    private static let longRead = 40.0
    private static let shortRead = 10.0
    /// Fewest rows of a split, where all would take too long.
    private static let fewestRows = 300

    /// What is read.
    let prepared: Preparation
    /// Seconds that a split's missing features take.
    private var seconds: [Split: Double] = [:]

    /// Measures how fast the encoders are here; nothing is kept.
    /// - Throws: `EncoderError`, `FeatureError`.
    init(_ prepared: Preparation) throws {
        self.prepared = prepared
        for view in prepared.views {
            let missing = try Split.allCases.map { ($0, try view.features.missingTokens($0)) }
            guard missing.contains(where: { $0.1 > 0 }) else { continue }
            let rate = try view.features.tokensPerSecond()
            for (split, tokens) in missing {
                seconds[split, default: 0] += Double(tokens) / rate
            }
        }
    }

    /// Seconds that missing features take, of some rows or all.
    func total(_ limits: RowLimits = RowLimits()) -> Double {
        Split.allCases.reduce(0) { $0 + seconds(of: $1, rows: limits[$1]) }
    }

    /// The rows whose features can be made within a time.
    /// - Parameter remaining: seconds that are left for the whole run.
    func limits(in remaining: Double) -> RowLimits { rows(in: Self.share * remaining) }

    /// Rows for a model that is there before all features are; `nil` where those are there soon.
    /// - Parameter limits: all rows that the run reads.
    func early(of limits: RowLimits) -> RowLimits? {
        total(limits) > Self.longRead ? rows(in: Self.shortRead) : nil
    }

    /// The rows whose features can be made in some seconds.
    private func rows(in allowed: Double) -> RowLimits {
        var limits = RowLimits()
        var left = allowed
        guard total() > allowed else { return limits }
        for split in [Split.dev, .test] {
            let share = allowed * (Self.shares[split] ?? 1)
            limits[split] = rows(split, in: share)
            left -= seconds(of: split, rows: limits[split])
        }
        // A sample of the rows is encoded first, to find the best layers.
        let sample = seconds(of: .train, rows: LayerProbe.rows)
        limits.train = rows(.train, in: left < 2 * sample ? min(left, sample) : left - sample)
        return limits
    }

    /// What is left out, for the user.
    func notes(_ limits: RowLimits) -> [String] {
        Split.allCases.compactMap { split in
            limits[split].map { rows in
                "\(rows) of \(prepared.dataset[split].count) \(split.rawValue) rows are read: features of "
                    + "all would take too long"
            }
        }
    }

    private func seconds(of split: Split, rows: Int? = nil) -> Double {
        let all = prepared.dataset[split].count
        return (seconds[split] ?? 0) * Double(min(rows ?? all, all)) / Double(max(1, all))
    }

    /// Rows that can be read in some seconds; `nil` for all.
    private func rows(_ split: Split, in time: Double) -> Int? {
        let all = prepared.dataset[split].count
        let needed = seconds(of: split)
        guard needed > time else { return nil }
        let classes = prepared.dataset.targets.outputs
        let wanted = max(
            Self.fewestRows, 2 * classes, Int(max(0, time) / needed * Double(all)))
        return wanted < all ? wanted : nil
    }
}
