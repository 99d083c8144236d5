import Features
import Support
import Tasks

/// Parts of the data to hold out and compare heads on: dev first, then folds of train.
///
/// A small dev split cannot tell good heads from lucky ones; every further part adds rows that were
/// not seen before. A search trains on what is not held out: where a fold of train is held out, dev is
/// among the training rows, but for rows that share a text with the fold. Test is never one of them.
public struct HeldOutParts: Sendable {
    /// The default number of folds that train is split into.
    public static let standardFolds = 4

    private let folds: Int
    private let train: FeatureSet
    private let dev: FeatureSet
    private let assignment: [Int]
    /// The group of each row of train, then of dev.
    private let groups: [Int]
    /// For each row of dev the fold that has a row with a text in common; `nil` for most.
    private let related: [Int?]
    /// Train and dev together.
    private let all: FeatureSet?

    /// - Parameters:
    ///   - folds: the number of folds that train is split into.
    ///   - trainsOnDev: whether dev is trained on where it is not held out.
    ///   - together: the group of each row of train, then of dev; rows of a group are never on both sides
    ///     of a fold. `nil`: every row is a group of its own.
    ///   - key: decides the folds.
    public init(
        train: FeatureSet, dev: FeatureSet, folds: Int = Self.standardFolds,
        trainsOnDev: Bool = false, together: [Int]? = nil, key: RandomKey
    ) {
        all = trainsOnDev ? train.appending(dev) : nil
        self.train = train
        self.dev = dev
        groups = together ?? Array(0..<train.count + dev.count)
        let folds = Self.count(folds, train, groups)
        self.folds = folds
        assignment = Self.folds(
            train.targets.strata, count: folds, together: Array(groups.prefix(train.count)),
            key: key)
        var fold: [Int: Int] = [:]
        for (row, number) in assignment.enumerated() { fold[groups[row]] = number }
        related = groups.dropFirst(train.count).map { fold[$0] }
    }

    /// So many folds as few rows fill: with more, a fold would have no row of most classes, and a head that
    /// has seen all others of a class takes it for rarer than it is.
    private static func count(_ folds: Int, _ train: FeatureSet, _ groups: [Int]) -> Int {
        let sizes = Dictionary(train.targets.strata.map { ($0, 1) }, uniquingKeysWith: +)
            .values.sorted()
        let classes = train.targets.kind == .oneClass ? sizes.count : nil
        guard FewRows(rows: train.count, classes: classes) != nil else { return folds }
        let middle = sizes.isEmpty ? 1 : sizes[sizes.count / 2]
        return max(1, min(folds, middle, Set(groups.prefix(train.count)).count))
    }

    /// The parts of every view: as the labels are the same, so are the folds.
    ///
    /// - Parameters:
    ///   - train: one for each view; likewise `dev`.
    ///   - trainsOnDev: whether dev is trained on where it is not held out.
    ///   - together: as for one view.
    ///   - key: decides the folds.
    public static func views(
        train: [FeatureSet], dev: [FeatureSet], folds: Int = Self.standardFolds,
        trainsOnDev: Bool = false, together: [Int]? = nil, key: RandomKey
    ) -> [HeldOutParts] {
        zip(train, dev).map {
            HeldOutParts(
                train: $0, dev: $1, folds: folds, trainsOnDev: trainsOnDev, together: together,
                key: key)
        }
    }

    /// Whether the other has the same rows in the same parts.
    func isLike(_ other: HeldOutParts) -> Bool {
        train.targets == other.train.targets && dev.targets == other.dev.targets
            && assignment == other.assignment && related == other.related
    }

    /// Whether there are few rows; `nil` where there are enough.
    var fewRows: FewRows? {
        let strata = train.targets.strata
        return FewRows(
            rows: train.count + dev.count,
            classes: train.targets.kind == .oneClass ? Set(strata).count : nil)
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

    /// The group of each row that the first parts hold out, one part after another.
    func groups(ofFirst parts: Int) -> [Int] {
        groups.suffix(dev.count)
            + (1..<max(1, parts)).flatMap { part in
                assignment.indices.filter { assignment[$0] == part - 1 }.map { groups[$0] }
            }
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
        let others = related.indices.filter { related[$0] != part - 1 }
        // A handful of rows may leave nothing to hold out, or nothing to learn from.
        guard !inside.isEmpty, !outside.isEmpty || all != nil && !others.isEmpty else {
            return (train, dev)
        }
        let rest = all?.subset(outside + others.map { train.count + $0 })
        return (rest ?? train.subset(outside), train.subset(inside))
    }

    /// A fold for every example, with classes spread evenly and groups undivided.
    /// - Parameter together: the group of each example; `nil`: none has another.
    public static func folds(
        _ labels: [Int32], count: Int, together: [Int]? = nil, key: RandomKey
    ) -> [Int] {
        if let together, Set(together).count < together.count {
            return grouped(labels, count: count, together, key: key)
        }
        var result = [Int](repeating: 0, count: labels.count)
        var next = 0
        for member in shuffled(labels, key) {
            result[member] = next % count
            next += 1
        }
        return result
    }

    /// All examples, class by class, shuffled in each.
    private static func shuffled(_ labels: [Int32], _ key: RandomKey) -> [Int] {
        Set(labels).sorted().flatMap { label in
            var generator = key.child(Int(label)).generator()
            return labels.indices.filter { labels[$0] == label }.shuffled(using: &generator)
        }
    }

    /// Large groups first, each to the fold that has the smallest share of its classes (as
    /// scikit-learn's StratifiedGroupKFold), so that the many small ones can make up for them.
    private static func grouped(
        _ labels: [Int32], count: Int, _ together: [Int], key: RandomKey
    ) -> [Int] {
        var members: [Int: [Int]] = [:]
        var order: [Int] = []
        for row in shuffled(labels, key) {
            if members[together[row]] == nil { order.append(together[row]) }
            members[together[row], default: []].append(row)
        }
        let sizes = order.map { members[$0]!.count }
        let places = order.indices.sorted { (sizes[$1], $0) < (sizes[$0], $1) }
        let totals = Dictionary(labels.map { ($0, 1) }, uniquingKeysWith: +)
        var held = [[Int32: Int]](repeating: [:], count: count)
        var rows = [Int](repeating: 0, count: count)
        var result = [Int](repeating: 0, count: labels.count)
        for place in places {
            let group = members[order[place]]!
            let own = Dictionary(group.map { (labels[$0], 1) }, uniquingKeysWith: +)
                .sorted { $0.key < $1.key }
            let shares = held.map { fold in
                own.reduce(0.0) { sum, mine in
                    sum + Double(mine.value * (fold[mine.key] ?? 0)) / Double(totals[mine.key]!)
                }
            }
            let fold = (0..<count).min { (shares[$0], rows[$0], $0) < (shares[$1], rows[$1], $1) }!
            for mine in own { held[fold][mine.key, default: 0] += mine.value }
            rows[fold] += group.count
            for row in group { result[row] = fold }
        }
        return result
    }
}
