import Foundation

/// What a column holds if its cells are lists of labels with something between them.
struct LabelPieces {
    /// A way to take the cells apart.
    private struct Cut {
        /// Cells that it takes apart.
        var cells = 0
        /// How often each piece is there.
        var counts: [String: Int] = [:]
        /// Whether a piece is empty, as in a sentence that ends with the separator; or there are too many.
        var isBroken = false
    }

    private var cuts: [Character: Cut] = [:]
    /// Cells that are lists of JSON.
    private(set) var lists = 0
    /// Labels of those.
    private var listed: [String: Int] = [:]

    /// Different pieces that are counted; labels are fewer.
    private static let most = 500
    /// The characters of a label at most, on average, where a comma separates: sentences have commas, too.
    private static let longest = 24

    /// Adds a cell.
    mutating func add(_ text: String) {
        if text.hasPrefix("["), text.hasSuffix("]"),
            let list = try? JSONDecoder().decode([String].self, from: Data(text.utf8))
        {
            return add(list)
        }
        for separator in TargetReader.separators {
            guard cuts[separator]?.isBroken != true else { continue }
            let parts = text.split(separator: separator, omittingEmptySubsequences: false)
                .map { RowRules.trimmed(String($0)) }
            var cut = cuts[separator] ?? Cut()
            if parts.count > 1 { cut.cells += 1 }
            for part in parts {
                cut.counts[part, default: 0] += 1
                if part.isEmpty || cut.counts.count > Self.most { cut.isBroken = true }
            }
            if cut.isBroken { cut.counts = [:] }
            cuts[separator] = cut
        }
    }

    /// Adds a cell that is a list.
    mutating func add(_ list: [String]) {
        lists += 1
        for label in list where listed.count <= Self.most { listed[label, default: 0] += 1 }
    }

    /// A way to read the column as several labels a row.
    struct Reading {
        /// `nil` where cells are lists of JSON.
        let separator: Character?
        /// Labels and how many rows have them, the most frequent first.
        let labels: [(value: String, rows: Int)]
    }

    /// How a column is read as several labels a row; `nil` where it is not.
    ///
    /// Every piece recurs, as labels do, a tenth of the cells have several, and there are more different
    /// cells than pieces: classes with a semicolon in their names are not taken apart.
    /// - Parameters:
    ///   - cells: cells with something in them.
    ///   - distinct: different ones.
    func reading(cells: Int, distinct: Int) -> Reading? {
        if lists > 0 {
            guard lists * 20 >= cells * 19, listed.count <= Self.most, listed.count >= 2 else {
                return nil
            }
            return Reading(separator: nil, labels: Self.sorted(listed))
        }
        let possible = TargetReader.separators.filter { separator in
            guard let cut = cuts[separator], !cut.isBroken, cut.counts.count >= 2 else {
                return false
            }
            let pieces = cut.counts.values.reduce(0, +)
            let length = cut.counts.reduce(0) { $0 + $1.key.count * $1.value } / max(1, pieces)
            return cut.cells * 10 >= cells && distinct > cut.counts.count
                && pieces >= 4 * cut.counts.count && (separator != "," || length <= Self.longest)
        }
        guard let best = possible.max(by: { cuts[$0]!.cells < cuts[$1]!.cells }) else { return nil }
        return Reading(separator: best, labels: Self.sorted(cuts[best]!.counts))
    }

    private static func sorted(_ counts: [String: Int]) -> [(value: String, rows: Int)] {
        counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map {
            (value: $0.key, rows: $0.value)
        }
    }
}
