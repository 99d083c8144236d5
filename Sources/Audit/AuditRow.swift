import Tasks

/// A row of a task as an audit sees it.
struct AuditRow: Sendable {
    let split: Split
    let example: Example

    /// All rows in the order of their files: which split a row was drawn for changes nothing that is found
    /// about it.
    static func all(_ dataset: Dataset) -> [AuditRow] {
        var order: [String: Int] = [:]
        let rows = Split.allCases.flatMap { split in
            dataset[split].map { AuditRow(split: split, example: $0) }
        }
        let places = rows.enumerated().map { index, row -> (Int, Int, Int) in
            guard let place = row.example.place else { return (Int.max, index, index) }
            let file = order[place.file] ?? order.count
            order[place.file] = file
            return (file, place.line, index)
        }
        return places.sorted { $0 < $1 }.map { rows[$0.2] }
    }
}
