import Foundation

/// A case that a reader got wrong.
struct Failure: Sendable {
    enum Kind: String, Sendable {
        case crash, hang, memory
        /// An error without a diagnosis, or something accepted that must not be.
        case undiagnosed
        /// The harness itself.
        case broken
    }
    let kind: Kind
    let index: Int
    let text: String

    init(_ kind: Kind, _ index: Int, _ text: String) {
        self.kind = kind
        self.index = index
        self.text = text
    }
}

/// The outcome of one reader's cases.
struct Report: Sendable {
    let reader: String
    var accepted = 0
    var rejected = 0
    var slowest: UInt64 = 0
    var slowestIndex = 0
    var peakKiB = 0
    var failures: [Failure] = []

    init(reader: String) { self.reader = reader }

    mutating func add(_ status: Status) {
        accepted += status.accepted
        rejected += status.rejected
        if status.slowest > slowest {
            (slowest, slowestIndex) = (status.slowest, status.slowestIndex)
        }
        peakKiB = max(peakKiB, status.peak)
    }

    private func count(_ kinds: Failure.Kind...) -> Int {
        failures.count { kinds.contains($0.kind) }
    }

    static let header = [
        "reader", "cases", "accepted", "rejected", "crashes", "hangs", "memory", "other",
        "slowest ms", "(case)", "peak MiB",
    ]

    var row: [String] {
        [
            reader, "\(accepted + rejected + count(.crash, .hang, .undiagnosed))", "\(accepted)",
            "\(rejected)", "\(count(.crash))", "\(count(.hang))", "\(count(.memory))",
            "\(count(.undiagnosed, .broken))", String(format: "%.1f", Double(slowest) / 1e6),
            "\(slowestIndex)", "\(peakKiB >> 10)",
        ]
    }

    /// Rows of a table, columns aligned to the right.
    static func table(_ reports: [Report]) -> String {
        let rows = [header] + reports.map(\.row)
        let widths = header.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            row.enumerated().map { column, text in
                let space = String(repeating: " ", count: widths[column] - text.count)
                return column == 0 ? text + space : space + text
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }
}
