/// The candidate that `word` is most likely a misspelling of.
///
/// Compared without regard to case by optimal string alignment distance (Levenshtein's distance
/// with swaps of neighbours; Boytsov, JEA 2011, section 2.2). A candidate counts as near when at
/// most a third of the longer word must change, and at least one change is always allowed. Ties go
/// to the first candidate.
///
/// - Returns: `nil` when no candidate is near.
/// - Complexity: O(candidates x length of word x length of candidate), lengths up to 64 characters;
///   longer words are compared for equality only.
public func closestMatch(to word: String, in candidates: some Sequence<String>) -> String? {
    let wanted = Array(word.lowercased())
    var best: (candidate: String, distance: Int)?
    for candidate in candidates {
        let other = Array(candidate.lowercased())
        if other == wanted { return candidate }
        let longer = max(wanted.count, other.count)
        guard longer <= 64, !wanted.isEmpty, !other.isEmpty else { continue }
        let limit = min(max(1, longer / 3), (best?.distance ?? Int.max) - 1)
        guard abs(wanted.count - other.count) <= limit else { continue }
        let distance = alignmentDistance(wanted, other)
        // Where nothing of a word remains, it is another word, not a misspelling.
        if distance <= limit, distance < longer { best = (candidate, distance) }
    }
    return best?.candidate
}

/// Optimal string alignment distance, keeping three rows of the table.
private func alignmentDistance(_ a: [Character], _ b: [Character]) -> Int {
    var beforeLast = [Int](repeating: 0, count: b.count + 1)
    var last = Array(0...b.count)
    for i in 1...a.count {
        var row = [Int](repeating: i, count: b.count + 1)
        for j in 1...b.count {
            let substitution = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
            row[j] = min(substitution, last[j] + 1, row[j - 1] + 1)
            if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
                row[j] = min(row[j], beforeLast[j - 2] + 1)
            }
        }
        beforeLast = last
        last = row
    }
    return last[b.count]
}

/// The end of a message about a name that there is not: `; did you mean 'NAME'?`, or nothing.
public func suggestion(for name: String, in known: [String]) -> String {
    closestMatch(to: name, in: known).map { "; did you mean '\($0)'?" } ?? ""
}
