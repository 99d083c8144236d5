import Features
import Support

/// Parts of the data to hold out and compare heads on: dev first, then folds of train.
///
/// A small dev split cannot tell good heads from lucky ones; every further part adds rows that were
/// not seen before. A search trains on what is not held out: where a fold of train is held out, dev is
/// among the training rows. Test is never one of them.
public struct HeldOutParts: Sendable {
    /// The default number of folds that train is split into.
    public static let standardFolds = 4

    private let folds: Int
    private let train: FeatureSet
    private let dev: FeatureSet
    private let assignment: [Int]
    /// Train and dev together.
    private let all: FeatureSet?

    /// - Parameters:
    ///   - folds: the number of folds that train is split into.
    ///   - trainsOnDev: whether dev is trained on where it is not held out.
    ///   - key: decides the folds.
    public init(
        train: FeatureSet, dev: FeatureSet, folds: Int = Self.standardFolds,
        trainsOnDev: Bool = false, key: RandomKey
    ) {
        all = trainsOnDev ? train.appending(dev) : nil
        self.folds = folds
        self.train = train
        self.dev = dev
        assignment = Self.folds(train.labels, count: folds, key: key)
    }

    /// The parts of every view: as the labels are the same, so are the folds.
    ///
    /// - Parameters:
    ///   - train: one for each view; likewise `dev`.
    ///   - trainsOnDev: whether dev is trained on where it is not held out.
    ///   - key: decides the folds.
    public static func views(
        train: [FeatureSet], dev: [FeatureSet], folds: Int = Self.standardFolds,
        trainsOnDev: Bool = false, key: RandomKey
    ) -> [HeldOutParts] {
        zip(train, dev).map {
            HeldOutParts(
                train: $0, dev: $1, folds: folds, trainsOnDev: trainsOnDev, key: key)
        }
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

    /// The number of the part that holds nothing out: all rows but those of test are trained on.
    var everything: Int { count }

    /// Part 0 is train and dev; part `k` holds fold `k` of train out; ``everything`` is trained on train
    /// and dev, and shows dev again.
    public subscript(_ part: Int) -> (train: FeatureSet, dev: FeatureSet) {
        guard part > 0 else { return (train, dev) }
        guard part < count else { return (all ?? train, dev) }
        let inside = assignment.indices.filter { assignment[$0] == part - 1 }
        let outside = assignment.indices.filter { assignment[$0] != part - 1 }
        // A handful of rows may leave nothing to hold out.
        guard !inside.isEmpty, !outside.isEmpty else { return (train, dev) }
        let rest = all?.subset(outside + (train.count..<train.count + dev.count))
        return (rest ?? train.subset(outside), train.subset(inside))
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
