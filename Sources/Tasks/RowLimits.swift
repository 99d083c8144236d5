import Metrics
import Support

/// Rows of each split at most; `nil` for all.
///
///     var limits = RowLimits()
///     limits[.train] = 500
public struct RowLimits: Sendable, Hashable, Codable {
    /// Rows to train on.
    public var train: Int?
    /// Rows that are held out.
    public var dev: Int?
    /// Rows that the result is judged by.
    public var test: Int?

    /// All rows.
    public init() {}

    /// The limit of a split.
    public subscript(split: Split) -> Int? {
        get {
            switch split {
            case .train: train
            case .dev: dev
            case .test: test
            }
        }
        set {
            switch split {
            case .train: train = newValue
            case .dev: dev = newValue
            case .test: test = newValue
            }
        }
    }
}

extension Dataset {
    /// The same task with fewer rows, drawn class by class (``Targets/strata``). A row that is drawn for a limit is also drawn
    /// for any higher one that gives its class as many rows.
    ///
    /// - Throws: ``TaskError/limitTooSmall(task:rows:classes:)`` where a class would have no row to train on.
    public func limited(to limits: RowLimits) throws -> Dataset {
        var result = self
        var isWhole = true
        for split in Split.allCases {
            guard let wanted = limits[split], wanted < self[split].count else { continue }
            if split == .train, wanted < max(2, labels.count) {
                throw TaskError.limitTooSmall(
                    task: name, rows: wanted, classes: max(2, labels.count))
            }
            result[split] = Self.sample(
                self[split], wanted, in: targets, key: Self.sampleKey.child(split.rawValue))
            isWhole = false
        }
        guard !isWhole else { return self }
        var builder = DigestBuilder()
        builder.add(digest)
        for split in Split.allCases { builder.add("\(split.rawValue) \(result[split].count)") }
        result.digest = builder.hexadecimal()
        return result
    }

    /// The data decides which rows are drawn, not the seed of a run.
    private static let sampleKey = RandomKey(seed: 1).child("row limits")

    private static func sample(
        _ examples: [Example], _ count: Int, in space: TargetSpace, key: RandomKey
    ) -> [Example] {
        let strata = Targets.strata(of: examples.map(\.target), in: space)
        let isDrawn = Stratified.draw(
            strata.enumerated().map { (label: $1, place: $0) }, count: count,
            counts: Stratified.counts(strata, in: space), key: key)
        return zip(examples, isDrawn).filter(\.1).map(\.0)
    }
}
