import Metrics

/// What a column of a data file holds, as far as a guess needs it.
struct ColumnProfile {
    /// As in the header; a number from 1 where there is none; a path of keys in JSON.
    let name: String
    /// Cells with something in them.
    private(set) var filled = 0
    /// Rows by the hash of their value, and for each row that hash; 0 for an empty cell.
    private(set) var counts: [Int: Int] = [:]
    private(set) var hashes: [Int] = []
    /// The first different values.
    private(set) var examples: [String] = []
    private var values: [Int: String] = [:]

    private var numbers = 0
    private var integers = 0
    private var smallest = Int.max
    private var greatest = Int.min
    private var dates = 0
    private var codes = 0
    private var words = 0
    private var characters = 0
    /// Values that are neither texts nor numbers: lists and objects of JSON.
    private var unusable = 0
    /// Values of JSON that are no strings, which a text must be.
    private var unquoted = 0
    /// What it would be as lists of labels.
    private var pieces = LabelPieces()
    /// The range of its numbers.
    private var range: ClosedRange<Double>?

    /// Different values that are kept to be shown.
    private static let keptValues = 300
    private static let shownExamples = 3

    init(name: String, emptyRows: Int = 0) {
        self.name = name
        hashes = Array(repeating: 0, count: emptyRows)
    }

    /// Adds a row without a value.
    mutating func addEmpty() { hashes.append(0) }

    /// Adds a row with a list of labels, as JSON has them; shown as it would be in a table.
    mutating func add(_ list: [String]) {
        pieces.add(list)
        let text = list.joined(separator: ", ")
        hashes.append(text.hashValue == 0 ? 1 : text.hashValue)
        filled += 1
        unusable += 1
        if examples.count < Self.shownExamples, !list.isEmpty { examples.append(text) }
    }

    /// Adds a row with an object, or a list of something else.
    mutating func addUnusable() {
        unusable += 1
        hashes.append(0)
    }

    /// Adds a row's value, without white space at its ends.
    /// - Parameter isString: `false` for a number or a truth value of JSON.
    mutating func add(_ text: String, isString: Bool = true) {
        guard !text.isBlank else { return addEmpty() }
        var hash = text.hashValue
        if hash == 0 { hash = 1 }
        hashes.append(hash)
        filled += 1
        if !isString { unquoted += 1 }
        counts[hash, default: 0] += 1
        if counts[hash] == 1 {
            if examples.count < Self.shownExamples { examples.append(text) }
            if values.count < Self.keptValues { values[hash] = text }
        }
        pieces.add(text)
        if let number = Double(text), number.isFinite {
            range =
                min(range?.lowerBound ?? number, number)...max(range?.upperBound ?? number, number)
        }
        let shape = CellShape(text)
        words += shape.words
        characters += shape.characters
        if shape.isNumber { numbers += 1 }
        if let number = Int(text) {
            integers += 1
            smallest = min(smallest, number)
            greatest = max(greatest, number)
        }
        if shape.isDate { dates += 1 }
        if shape.isCode { codes += 1 }
    }

    // MARK: What it is

    /// Different values.
    var distinct: Int { counts.count }
    var rows: Int { hashes.count }
    /// Words in a value, on average.
    var meanWords: Double { Double(words) / Double(max(1, filled)) }
    private var meanCharacters: Double { Double(characters) / Double(max(1, filled)) }

    private func isMostly(_ count: Int) -> Bool { filled > 0 && count * 20 >= filled * 19 }
    var isNumeric: Bool { isMostly(numbers) }
    private var isDates: Bool { isMostly(dates) && !isNumeric }
    /// Names of single things: numbers of rows, addresses, hashes.
    private var isIdentifier: Bool { isMostly(numbers + codes) && distinct * 2 > filled }

    /// Whether the values recur as those of classes do.
    var recurs: Bool { filled > 0 && distinct * 2 <= filled }

    /// Whether values are numbers from one to another with few gaps, as those of classes are.
    private var isDense: Bool {
        guard integers == filled, filled > 0 else { return false }
        let (span, overflow) = greatest.subtractingReportingOverflow(smallest)
        return !overflow && span < distinct + distinct / 2
    }

    /// Why this cannot be the column of the labels; `nil` where it can.
    /// - Parameter isNamed: whether its name says that it is one.
    func faultAsLabel(isNamed: Bool) -> String? {
        if filled == 0 { return unusable > 0 ? "holds lists or objects" : "is empty" }
        if unusable > 0 { return "holds lists or objects" }
        if distinct == 1 { return "has one value only, `\(examples[0].excerpt)`" }
        let different =
            "\(distinct) different \(isNumeric ? "numbers" : "values") in \(filled) rows"
        if !recurs { return "has \(different), too many to be classes" }
        if isNumeric, distinct > (integers == filled ? 20 : 10), !(isNamed && isDense) {
            return "has \(different): a quantity, not classes"
        }
        if distinct > DatasetLoader.maximumInferredClasses {
            return "has \(different), more than \(DatasetLoader.maximumInferredClasses) classes"
        }
        if isDates { return "holds dates" }
        if meanCharacters > 60 { return "holds long texts" }
        return nil
    }

    /// What this is as the column of the labels of rows, or why it is none.
    /// - Parameters:
    ///   - name: what its name says; `nil` where that is nothing.
    ///   - wanted: what the user says that it holds.
    func asLabel(_ name: ColumnName?, wanted: TargetKind? = nil) -> Result<LabelContent, NoLabel> {
        let isNamed = name?.labelRank != nil
        let several = pieces.reading(cells: filled, distinct: distinct)
        if wanted == .labels {
            return .success(.labels(several ?? .init(separator: nil, labels: [])))
        }
        let quantity = range.map { LabelContent.number($0, different: distinct) }
        if wanted == .number {
            return isNumeric && quantity != nil
                ? .success(quantity!) : .failure(NoLabel(reason: "does not hold numbers"))
        }
        if wanted == nil, let several { return .success(.labels(several)) }
        guard let fault = faultAsLabel(isNamed: isNamed) else { return .success(.classes) }
        // Numbers with decimals, or of what names say is measured.
        if wanted == nil, isNumeric, numbers == filled, let quantity, distinct > 2,
            integers < filled || name?.isMeasure == true
        {
            return .success(quantity)
        }
        return .failure(NoLabel(reason: fault))
    }

    /// Why this cannot be a column of texts; `nil` where it can.
    /// - Parameter isNamed: whether its name says that it is one.
    func faultAsText(isNamed: Bool) -> String? {
        if filled == 0 { return unusable > 0 ? "holds lists or objects" : "is empty" }
        if unusable > 0 || unquoted == filled {
            return unusable > 0 ? "holds lists or objects" : "holds no strings"
        }
        if isNumeric { return "holds numbers" }
        if distinct == 1 { return "has one value only, `\(examples[0].excerpt)`" }
        if isDates { return "holds dates" }
        if isIdentifier { return "holds identifiers" }
        if isNamed { return nil }
        if filled * 2 < rows { return "is mostly empty" }
        let isVaried = distinct * 2 > filled || distinct > DatasetLoader.maximumInferredClasses
        return isVaried || meanWords >= 4 ? nil : "holds words that recur"
    }

    /// What it holds, for a list of columns.
    var summary: String {
        if filled == 0 { return unusable > 0 ? "lists or objects" : "empty" }
        if unusable > 0 { return "lists" }
        if distinct == 1 { return "one value" }
        let different = distinct == filled ? "all different" : "\(distinct) different"
        if isNumeric { return "numbers, \(different)" }
        if isDates { return "dates" }
        if isIdentifier { return "identifiers" }
        return "\(different), \(Self.text(of: meanWords)) words each"
    }

    private static func text(of number: Double) -> String {
        number < 10 ? "\((number * 10).rounded() / 10)" : "\(Int(number.rounded()))"
    }

    /// Whether a value is among those of this column.
    func has(_ text: String) -> Bool { counts[text.hashValue] != nil }

    /// The value of a row, where it is one of few.
    func value(ofRow row: Int) -> String? { values[hashes[row]] }

    /// Values and how many rows have them, the most frequent first.
    var byFrequency: [(value: String, rows: Int)] {
        values.map { ($0.value, counts[$0.key] ?? 0) }
            .sorted { ($1.1, $0.0) < ($0.1, $1.0) }.map { (value: $0.0, rows: $0.1) }
    }

    /// Whether another column has the same classes by other names.
    func isRenaming(of other: ColumnProfile) -> Bool {
        guard hashes.count == other.hashes.count, distinct == other.distinct else { return false }
        var names: [Int: Int] = [:]
        return zip(hashes, other.hashes).allSatisfy { mine, theirs in
            if let known = names[mine] { return known == theirs }
            names[mine] = theirs
            return true
        }
    }
}
