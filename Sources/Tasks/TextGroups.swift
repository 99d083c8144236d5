import Support

/// Which rows stay on one side when rows are set aside: those that share a text, directly or through
/// other rows, on either side of a pair.
///
///     let groups = TextGroups(dataset.train)
///     groups.of[0] == groups.of[7]    // rows 0 and 7 stay together
///
/// Texts are the same when they differ by case and white space only. In pairs, chains of shared texts can
/// join most rows to one group, which could not be divided: then less ties rows, see ``Tie``.
package struct TextGroups: Sendable, Hashable {
    /// What keeps two rows together, from the strictest rule to none.
    package enum Tie: Int, Sendable, CaseIterable, Comparable {
        /// A text that both have, on any side.
        case anyText
        /// The same, but a text that very many rows have ties none of them.
        case rareText
        /// The same first text.
        case firstText
        /// The same second text.
        case secondText
        /// The same text, or the same two texts.
        case wholeRow
        /// Nothing.
        case nothing

        package static func < (left: Tie, right: Tie) -> Bool { left.rawValue < right.rawValue }

        /// Which rows are together, for people.
        package var explanation: String {
            switch self {
            case .anyText: "rows that share a text"
            case .rareText: "rows that share a text, except texts that very many rows have,"
            case .firstText: "rows with the same first text"
            case .secondText: "rows with the same second text"
            case .wholeRow: "rows with the same texts"
            case .nothing: "no rows"
            }
        }
    }

    /// The group of each row, numbered from 0 in the order of their first rows.
    package let of: [Int]
    /// What ties their rows.
    package let tie: Tie
    /// Rows in the largest group.
    package let largest: Int

    /// A group may be as large as this share of all rows, or as ``smallLimit``.
    private static let largestShare = 0.2
    private static let smallLimit = 8
    /// A text in more rows than this share of all, and than ``smallLimit``, is not rare.
    private static let rareShare = 0.02

    /// Groups rows by the strictest rule that gives groups of a size that can be divided. Rows that are
    /// the same are together however many they are.
    ///
    /// - Parameter strictest: the strictest rule to try.
    /// - Complexity: O(bytes of all texts).
    package init(_ examples: [Example], from strictest: Tie = .anyText) {
        let texts = Self.numbered(examples)
        let hasPairs = examples.contains { $0.pair != nil }
        let limit = max(
            Self.smallLimit, Int(Self.largestShare * Double(examples.count)))
        for tie in Tie.allCases where tie >= strictest {
            // Of single texts all rules but the last are the same.
            if !hasPairs, tie != .wholeRow, tie != .nothing { continue }
            let groups = Self.groups(texts, tie)
            var sizes: [Int: Int] = [:]
            for group in groups { sizes[group, default: 0] += 1 }
            let largest = sizes.values.max() ?? 0
            if tie >= .wholeRow || largest <= limit {
                (self.of, self.tie, self.largest) = (groups, tie, largest)
                isStrict = tie == (hasPairs ? .anyText : .wholeRow)
                return
            }
        }
        preconditionFailure("the last rule always fits")
    }

    /// Whether all rows that share a text are together.
    package let isStrict: Bool

    /// Whether any two rows are together.
    package var isShared: Bool { largest > 1 }

    /// Groups of two rows or more.
    package var sharedCount: Int {
        var sizes: [Int: Int] = [:]
        for group in of { sizes[group, default: 0] += 1 }
        return sizes.values.count { $0 > 1 }
    }

    // MARK: Ties

    /// A number for each text, equal for equal texts.
    private static func numbered(_ examples: [Example]) -> [(text: Int, pair: Int?)] {
        var numbers: [String: Int] = [:]
        func number(_ text: String) -> Int {
            let plain = normalized(text)
            if let known = numbers[plain] { return known }
            numbers[plain] = numbers.count
            return numbers.count - 1
        }
        return examples.map { (number($0.text), $0.pair.map(number)) }
    }

    /// Without regard to case and to how much white space there is.
    private static func normalized(_ text: String) -> String {
        text.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    private static func groups(_ texts: [(text: Int, pair: Int?)], _ tie: Tie) -> [Int] {
        var sets = DisjointSets(count: texts.count)
        /// The first row that has a text.
        var first: [[Int]: Int] = [:]
        func join(_ row: Int, by key: [Int]) {
            if let other = first[key] { sets.join(row, other) } else { first[key] = row }
        }
        let frequent = tie == .rareText ? frequent(texts) : []
        for (row, both) in texts.enumerated() {
            switch tie {
            case .anyText, .rareText:
                for text in [both.text, both.pair ?? both.text] where !frequent.contains(text) {
                    join(row, by: [text])
                }
                // Rows that are the same stay together whatever their texts are.
                if tie == .rareText { join(row, by: [both.text, both.pair ?? -1]) }
            case .firstText: join(row, by: [both.text])
            case .secondText: join(row, by: [both.pair ?? both.text])
            case .wholeRow: join(row, by: [both.text, both.pair ?? -1])
            case .nothing: break
            }
        }
        return sets.numbered()
    }

    private static func frequent(_ texts: [(text: Int, pair: Int?)]) -> Set<Int> {
        var rows: [Int: Int] = [:]
        for both in texts {
            rows[both.text, default: 0] += 1
            if let pair = both.pair, pair != both.text { rows[pair, default: 0] += 1 }
        }
        let limit = max(smallLimit, Int(rareShare * Double(texts.count)))
        return Set(rows.filter { $0.value > limit }.keys)
    }
}
