import Support

/// What an audit found, as a table with a row for each of the task's rows: `knas audit --output`.
public struct AuditTable {
    private let result: AuditResult

    public init(_ result: AuditResult) { self.result = result }

    /// The names of the columns. Those of probabilities end in the class: `p:CLASS` of the linear heads,
    /// `kernel:CLASS` of the gradient kernel.
    public var header: [String] {
        var header = ["split", "file", "line", "label"]
        if result.labels != nil { header += ["likely", "score", "rank", "likely_wrong"] }
        header += ["duplicate_of", "near", "similarity", "leaks_from", "text"]
        if hasPairs { header.append("pair") }
        guard result.labels != nil else { return header }
        return header + result.classes.map { "p:\($0)" } + result.classes.map { "kernel:\($0)" }
    }

    private var hasPairs: Bool { result.rows.contains { $0.pair != nil } }

    /// The table as CSV: rows with the least likely label first, where labels were judged.
    public var csv: String {
        // The first row of the group that a row is in.
        var duplicates: [Int: Int] = [:]
        for group in result.duplicates {
            for row in group.rows.dropFirst() { duplicates[row] = group.rows[0] }
        }
        var near: [Int: (first: Int, similarity: Double)] = [:]
        for group in result.nearDuplicates {
            for row in group.rows { near[row] = (group.rows[0], group.similarity) }
        }
        let leaks = Dictionary(
            result.leakage.map { ($0.row, $0.other) }, uniquingKeysWith: { first, _ in first })
        func place(_ row: Int?) -> String { row.map { result.rows[$0].place } ?? "" }
        let order = result.labels?.order ?? Array(result.rows.indices)
        let hasPairs = hasPairs
        let lines = order.map { index -> [String] in
            let row = result.rows[index]
            var line = [row.split.rawValue, row.file, "\(row.line)", row.label]
            if let finding = row.finding {
                line += [
                    finding.likely, "\(finding.score)", "\(finding.rank)",
                    finding.isLikelyWrong ? "1" : "0",
                ]
            }
            line += [
                place(duplicates[index]), near[index].map { place($0.first) } ?? "",
                near[index].map { "\($0.similarity)" } ?? "", place(leaks[index]), row.text,
            ]
            if hasPairs { line.append(row.pair ?? "") }
            if let finding = row.finding {
                line += finding.probabilities.map { "\($0)" }
                line += finding.kernelProbabilities.map { "\($0)" }
            }
            return line
        }
        return CSV.text([header] + lines)
    }
}
