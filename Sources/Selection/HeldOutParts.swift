import Features
import Support

/// Parts of the data to hold out and compare heads on: dev first, then folds of train.
///
/// A small dev split cannot tell good heads from lucky ones; every further part adds rows that were
/// not seen before. Test is never one of them.
public struct HeldOutParts: Sendable {
    /// The default number of folds that train is split into.
    public static let standardFolds = 4

    private let folds: Int
    private let train: FeatureSet
    private let dev: FeatureSet
    private let assignment: [Int]

    /// - Parameters:
    ///   - folds: the number of folds that train is split into.
    ///   - key: decides the folds.
    public init(
        train: FeatureSet, dev: FeatureSet, folds: Int = Self.standardFolds, key: RandomKey
    ) {
        self.folds = folds
        self.train = train
        self.dev = dev
        assignment = Self.folds(train.labels, count: folds, key: key)
    }

    /// The parts of every view: as the labels are the same, so are the folds.
    ///
    /// - Parameters:
    ///   - train: one for each view; likewise `dev`.
    ///   - key: decides the folds.
    public static func views(
        train: [FeatureSet], dev: [FeatureSet], folds: Int = Self.standardFolds, key: RandomKey
    ) -> [HeldOutParts] {
        zip(train, dev).map { HeldOutParts(train: $0, dev: $1, folds: folds, key: key) }
    }

    /// Whether the other has the same rows in the same parts.
    func isLike(_ other: HeldOutParts) -> Bool {
        train.labels == other.train.labels && dev.labels == other.dev.labels
            && assignment == other.assignment
    }

    /// Dev and the folds.
    public var count: Int { 1 + folds }

    /// The number of parts, dev first, that together hold out at least so many rows; all parts
    /// where that is not enough.
    func count(holdingOut rows: Int) -> Int {
        var held = dev.count
        var parts = 1
        while held < rows, parts < count {
            held += assignment.count { $0 == parts - 1 }
            parts += 1
        }
        return parts
    }

    /// Part 0 is train and dev; part `k` holds fold `k` of train out.
    public subscript(_ part: Int) -> (train: FeatureSet, dev: FeatureSet) {
        guard part > 0 else { return (train, dev) }
        let inside = assignment.indices.filter { assignment[$0] == part - 1 }
        let outside = assignment.indices.filter { assignment[$0] != part - 1 }
        // A handful of rows may leave nothing to hold out.
        guard !inside.isEmpty, !outside.isEmpty else { return (train, dev) }
        return (train.subset(outside), train.subset(inside))
    }

    /// A fold for every example, with classes spread evenly.
    static func folds(_ labels: [Int32], count: Int, key: RandomKey) -> [Int] {
        var result = [Int](repeating: 0, count: labels.count)
        var next = 0
        for label in Set(labels).sorted() {
            var generator = key.child(Int(label)).generator()
            let members = labels.indices.filter { labels[$0] == label }
            for member in members.shuffled(using: &generator) {
                result[member] = next % count
                next += 1
            }
        }
        return result
    }
}
