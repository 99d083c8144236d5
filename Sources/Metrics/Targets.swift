/// The true answer of a row.
///
///     Example(text: "Two towels and a late checkout, please", target: .labels([2, 5]))
public enum Target: Sendable, Hashable {
    /// The index of its class.
    case oneClass(Int)
    /// The indices of its labels, ascending and distinct; there may be none.
    case labels([Int])
    /// A finite number.
    case number(Double)

    /// Of the class, or of the labels; none for a number.
    public var indices: [Int] {
        switch self {
        case .oneClass(let label): [label]
        case .labels(let labels): labels
        case .number: []
        }
    }

    /// The number; `nil` where there is none.
    public var value: Double? {
        guard case .number(let number) = self else { return nil }
        return number
    }

    /// Puts other indices in the place of those that it has.
    public mutating func renumber(_ places: [Int]) {
        switch self {
        case .oneClass(let label): self = .oneClass(places[label])
        case .labels(let labels): self = .labels(labels.map { places[$0] }.sorted())
        case .number: break
        }
    }
}

/// Numbers with mean 0 and deviation 1 are easier to learn: the mean and the standard deviation of
/// the training rows. What a model says in such units is undone in its answers.
public struct NumberScale: Sendable, Hashable, Codable {
    /// The mean of the training rows.
    public var mean: Double
    /// Their standard deviation; positive.
    public var deviation: Double

    /// A scale; `deviation` is positive.
    public init(mean: Double = 0, deviation: Double = 1) {
        self.mean = mean
        self.deviation = deviation
    }

    /// The scale of some numbers; the deviation of equal ones counts as 1.
    public init(of numbers: [Double]) {
        let count = Double(max(1, numbers.count))
        let mean = numbers.reduce(0) { $0 + $1 / count }
        let variance = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) / count }
        self.init(mean: mean, deviation: variance > 0 ? variance.squareRoot() : 1)
    }

    /// In units of the deviation, from the mean.
    public func standardized(_ number: Double) -> Double { (number - mean) / deviation }

    /// The number that stands for so many deviations from the mean.
    public func restored(_ standardized: Double) -> Double { mean + deviation * standardized }
}

/// What a task asks of every row. Losses, label kernels, metrics, calibration, answers and exported
/// files follow from it.
public enum TargetSpace: Sendable, Hashable, Codable {
    /// One of so many classes: softmax.
    case classes(Int)
    /// Any of so many labels, each for itself: sigmoids.
    case labels(Int)
    /// A number: squared error.
    case number(NumberScale)

    /// Outputs of a head: one for each class or label, one for a number.
    public var outputs: Int {
        switch self {
        case .classes(let count), .labels(let count): count
        case .number: 1
        }
    }

    /// Which of the three it is.
    public var kind: TargetKind {
        switch self {
        case .classes: .oneClass
        case .labels: .labels
        case .number: .number
        }
    }
}

/// The kinds of targets; raw values are the words of result.json and config.json.
public enum TargetKind: String, Sendable, Hashable, Codable, CaseIterable {
    /// One class of many.
    case oneClass = "class"
    /// Any number of labels, none included.
    case labels
    /// A number.
    case number

    /// What a row is answered with, for people.
    public var answer: String {
        switch self {
        case .oneClass: "one class"
        case .labels: "any number of labels"
        case .number: "a number"
        }
    }
}

/// The true answers of rows.
public enum Targets: Sendable, Equatable {
    /// The class of each row.
    case classes([Int32])
    /// 1 for each label that a row has, else 0: `[rows, count]`, row by row.
    case labels([Float], count: Int)
    /// The number of each row, as it is in the data.
    case numbers([Float], NumberScale)

    /// The targets of rows in a space.
    /// - Precondition: every target is of the space's kind, its labels among the space's.
    public init(_ rows: [Target], in space: TargetSpace) {
        switch space {
        case .classes:
            self = .classes(
                rows.map {
                    guard case .oneClass(let label) = $0 else { preconditionFailure("a class") }
                    return Int32(label)
                })
        case .labels(let count):
            var matrix = [Float](repeating: 0, count: rows.count * count)
            for (row, target) in rows.enumerated() {
                guard case .labels(let labels) = target else { preconditionFailure("labels") }
                for label in labels { matrix[row * count + label] = 1 }
            }
            self = .labels(matrix, count: count)
        case .number(let scale):
            self = .numbers(
                rows.map {
                    guard case .number(let number) = $0 else { preconditionFailure("a number") }
                    return Float(number)
                }, scale)
        }
    }

    /// Number of rows.
    public var count: Int {
        switch self {
        case .classes(let labels): labels.count
        case .labels(let matrix, let count): matrix.count / count
        case .numbers(let numbers, _): numbers.count
        }
    }

    /// The class of each row.
    /// - Precondition: rows have one class.
    public var classes: [Int32] {
        guard case .classes(let labels) = self else { preconditionFailure("one class a row") }
        return labels
    }

    /// Which of the three they are.
    public var kind: TargetKind {
        switch self {
        case .classes: .oneClass
        case .labels: .labels
        case .numbers: .number
        }
    }

    /// Some of the rows, in the order given.
    public func rows(_ places: [Int]) -> Targets {
        switch self {
        case .classes(let labels): .classes(places.map { labels[$0] })
        case .labels(let matrix, let count):
            .labels(places.flatMap { matrix[$0 * count..<($0 + 1) * count] }, count: count)
        case .numbers(let numbers, let scale): .numbers(places.map { numbers[$0] }, scale)
        }
    }

    /// These rows and then others.
    /// - Precondition: both are in one space.
    public func appending(_ other: Targets) -> Targets {
        switch (self, other) {
        case (.classes(let first), .classes(let second)): .classes(first + second)
        case (.labels(let first, let count), .labels(let second, let same)) where count == same:
            .labels(first + second, count: count)
        case (.numbers(let first, let scale), .numbers(let second, let same)) where scale == same:
            .numbers(first + second, scale)
        default: preconditionFailure("targets of one space")
        }
    }

    /// Whether both are in one space, as far as rows tell.
    func isLike(_ other: Targets) -> Bool {
        switch (self, other) {
        case (.classes, .classes): true
        case (.labels(_, let first), .labels(_, let second)): first == second
        case (.numbers(_, let first), .numbers(_, let second)): first == second
        default: false
        }
    }

    /// What regressions have as the target of one output: 1 for rows of the class or with the label, 0 for
    /// others; a number in units of the deviation.
    public func values(of output: Int) -> [Double] {
        switch self {
        case .classes(let labels): labels.map { $0 == output ? 1 : 0 }
        case .labels(let matrix, let count):
            (0..<self.count).map { Double(matrix[$0 * count + output]) }
        case .numbers(let numbers, let scale): numbers.map { scale.standardized(Double($0)) }
        }
    }

    /// The label kernel: 1 for rows of one class, else 0; how many labels two rows share; the product
    /// of two numbers in units of the deviation.
    public func similarity(_ a: Int, _ b: Int) -> Double {
        switch self {
        case .classes(let labels): return labels[a] == labels[b] ? 1 : 0
        case .labels(let matrix, let count):
            return (0..<count).reduce(0) {
                $0 + Double(matrix[a * count + $1] * matrix[b * count + $1])
            }
        case .numbers(let numbers, let scale):
            return scale.standardized(Double(numbers[a])) * scale.standardized(Double(numbers[b]))
        }
    }

    /// Groups of rows that samples and folds have in equal shares; see ``strata(of:)``.
    public var strata: [Int32] {
        switch self {
        case .classes(let labels): labels
        case .labels(let matrix, let count):
            Self.strata(
                labels: (0..<self.count).map { row in
                    (0..<count).filter { matrix[row * count + $0] > 0 }
                }, count: count)
        case .numbers(let numbers, _): Self.strata(numbers: numbers.map(Double.init))
        }
    }

    /// Groups that samples have in equal shares: classes; for rows with several labels the rarest of
    /// them, with a group for rows without (a cheap form of Sechidis et al., ECML 2011); fifths of numbers by
    /// rank.
    public static func strata(of rows: [Target], in space: TargetSpace) -> [Int] {
        Targets(rows, in: space).strata.map(Int.init)
    }

    private static func strata(labels rows: [[Int]], count: Int) -> [Int32] {
        var rowsOf = [Int](repeating: 0, count: count)
        for label in rows.joined() { rowsOf[label] += 1 }
        return rows.map { labels in
            let rarest = labels.min { (rowsOf[$0], $0) < (rowsOf[$1], $1) }
            return rarest.map { Int32($0) + 1 } ?? 0
        }
    }

    /// Into how many parts of equal size numbers are put.
    private static let numberStrata = 5

    private static func strata(numbers: [Double]) -> [Int32] {
        let ranks = RankStatistics.ranks(numbers)
        let count = Double(max(1, numbers.count))
        return ranks.map { Int32(min(4, max(0, ($0 - 0.5) / count * Double(numberStrata)))) }
    }
}

// MARK: Stored form

extension Targets {
    /// The rows as 32-bit words, which ``init(words:rows:outputs:)`` reads again: classes; 0 or 1 for
    /// each row and label; the bits of mean and deviation, then those of the numbers.
    public var words: [Int32] {
        switch self {
        case .classes(let labels): return labels
        case .labels(let matrix, _): return matrix.map { $0 > 0 ? 1 : 0 }
        case .numbers(let numbers, let scale):
            let bits = [scale.mean, scale.deviation].flatMap { number in
                [number.bitPattern >> 32, number.bitPattern & 0xffff_ffff].map {
                    UInt32(truncatingIfNeeded: $0)
                }
            }
            return (bits + numbers.map(\.bitPattern)).map { Int32(bitPattern: $0) }
        }
    }

    /// - Returns: `nil` where the words are not those of so many rows.
    public init?(words: [Int32], rows: Int, outputs: Int) {
        if outputs > 1, words.count == rows {
            self = .classes(words)
        } else if outputs > 1, words.count == rows * outputs, words.allSatisfy({ $0 & ~1 == 0 }) {
            self = .labels(words.map(Float.init), count: outputs)
        } else if outputs == 1, words.count == rows + 4 {
            let bits = words.map { UInt32(bitPattern: $0) }
            func double(_ place: Int) -> Double {
                Double(bitPattern: UInt64(bits[place]) << 32 | UInt64(bits[place + 1]))
            }
            let scale = NumberScale(mean: double(0), deviation: double(2))
            guard scale.mean.isFinite, scale.deviation.isFinite, scale.deviation > 0 else {
                return nil
            }
            self = .numbers(bits.dropFirst(4).map(Float.init(bitPattern:)), scale)
        } else {
            return nil
        }
    }
}
