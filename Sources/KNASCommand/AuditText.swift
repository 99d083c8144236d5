import Audit
import Foundation
import Support
import Tasks

/// What an audit found, for people.
struct AuditText {
    private let result: AuditResult
    private let count: Int
    private let here = FileManager.default.currentDirectoryPath + "/"

    /// - Parameter count: rows to show of each kind.
    init(_ result: AuditResult, count: Int) {
        self.result = result
        self.count = count
    }

    var text: String {
        (labels + groups("exact duplicates", result.duplicates)
            + groups("near-duplicates", result.nearDuplicates) + leakage)
            .joined(separator: "\n")
    }

    private var labels: [String] {
        guard let labels = result.labels else { return [] }
        var lines = [
            "\(labels.likelyWrong) of \(result.rows.count) labels are likely wrong; the judges agree "
                + "with \(percent(labels.agreement)) of all labels"
        ]
        let worst = result.worst(count)
        if !worst.isEmpty {
            var table = TextTable(["score", "where", "label", "likely", "text"])
            for row in worst {
                table.add([
                    String(format: "%.3f", row.finding?.score ?? 0), place(row), row.label,
                    row.finding?.likely ?? "", excerpt(row),
                ])
            }
            lines.append(table.text)
        }
        guard !labels.overlaps.isEmpty else { return lines + [""] }
        lines += ["", "classes that are taken for each other:"]
        var table = TextTable(["class", "taken for", "rows", "the other way", "of both"])
        for overlap in labels.overlaps.prefix(min(count, 10)) {
            table.add([
                overlap.first, overlap.second, "\(overlap.firstAsSecond)",
                "\(overlap.secondAsFirst)", percent(overlap.share),
            ])
        }
        lines.append(table.text)
        return lines + [""]
    }

    private func groups(_ name: String, _ groups: [AuditResult.DuplicateGroup]) -> [String] {
        guard !groups.isEmpty else { return ["\(name): none"] }
        let rows = groups.reduce(0) { $0 + $1.rows.count }
        let conflicting = groups.count(where: \.isConflicting)
        var lines = [
            "\(name): \(groups.count) groups, \(rows) rows; \(conflicting) with different labels"
        ]
        // Those that contradict each other matter most, then those that are most alike.
        let order = groups.indices.sorted { a, b in
            let (x, y) = (groups[a], groups[b])
            if x.isConflicting != y.isConflicting { return x.isConflicting }
            return x.similarity != y.similarity ? x.similarity > y.similarity : a < b
        }
        for group in order.prefix(count).map({ groups[$0] }) {
            var table = TextTable(["", "", ""])
            for index in group.rows.prefix(4) {
                let row = result.rows[index]
                table.add(["  \(place(row))", row.label, excerpt(row)])
            }
            lines.append(
                (group.isConflicting ? "different labels" : "same label")
                    + (group.similarity < 1 ? String(format: ", %.2f alike", group.similarity) : "")
            )
            lines.append(table.text.split(separator: "\n").joined(separator: "\n"))
            if group.rows.count > 4 { lines.append("  and \(group.rows.count - 4) more") }
        }
        return lines
    }

    private var leakage: [String] {
        guard !result.leakage.isEmpty else { return ["leakage between splits: none"] }
        var counts: [String: (same: Int, near: Int)] = [:]
        for leak in result.leakage {
            let (row, other) = (result.rows[leak.row], result.rows[leak.other])
            let name = "\(row.split.rawValue) in \(other.split.rawValue)"
            let isSame = leak.similarity == 1
            counts[name, default: (0, 0)].same += isSame ? 1 : 0
            counts[name, default: (0, 0)].near += isSame ? 0 : 1
        }
        var lines = ["leakage between splits:"]
        lines += counts.sorted { $0.key < $1.key }.map {
            "  \($0.key): \($0.value.same) rows word for word, \($0.value.near) nearly"
        }
        var table = TextTable(["alike", "row", "is also", "text"])
        let order = result.leakage.sorted { a, b in
            a.similarity != b.similarity ? a.similarity > b.similarity : a.row < b.row
        }
        for leak in order.prefix(count) {
            let row = result.rows[leak.row]
            table.add([
                String(format: "%.2f", leak.similarity), place(row),
                place(result.rows[leak.other]), excerpt(row),
            ])
        }
        return lines + (count > 0 ? [table.text] : [])
    }

    /// Where a row is, from here where it lies below.
    private func place(_ row: AuditResult.Row) -> String {
        row.place.hasPrefix(here) ? String(row.place.dropFirst(here.count)) : row.place
    }

    private func excerpt(_ row: AuditResult.Row) -> String {
        row.text.excerpt + (row.pair.map { " | \($0.excerpt)" } ?? "")
    }

    private func percent(_ share: Double) -> String { String(format: "%.1f %%", 100 * share) }
}
