/// A table with a caption, in a box that scrolls where it is wide.
struct Table {
    /// What a column holds.
    enum Kind { case text, number }

    /// A cell: what is shown, and what it is sorted by where that differs.
    struct Cell {
        let content: HTML
        var sortKey: String?

        init(_ content: HTML, sortKey: String? = nil) {
            self.content = content
            self.sortKey = sortKey
        }

        init(text: String) { self.init(HTML(text: text)) }

        /// A number; all its digits decide the order.
        init(_ number: Double, _ shown: String) {
            self.init(HTML(text: shown), sortKey: number.isFinite ? "\(number)" : "")
        }

        /// A share of 1, with three decimals.
        init(_ share: Double) { self.init(share, share.isNaN ? "–" : Show.share(share)) }

        init(_ number: Int) { self.init(HTML(text: Show.count(number)), sortKey: "\(number)") }

        static let empty = Cell(HTML(text: "–"), sortKey: "")
    }

    let id: String
    let caption: HTML
    let columns: [(name: String, kind: Kind)]
    /// The first cell of a row is its heading.
    let rows: [[Cell]]
    /// The column that the table is sorted by, ascending; `nil` where readers cannot sort it.
    var sortedColumn: Int?

    var html: HTML {
        let head: [HTML] = columns.indices.map { index in
            let sort: HTML =
                sortedColumn.map { $0 == index ? " aria-sort=\"ascending\"" : "" } ?? ""
            return """
                <th scope="col"\(Self.style(columns[index].kind))\(sort)>\(columns[index].name)</th>
                """
        }
        let body: [HTML] = rows.map { row in
            "<tr>\(zip(row, columns).enumerated().map { cell($1.0, $1.1.kind, isFirst: $0 == 0) })</tr>"
        }
        let kind: HTML = sortedColumn == nil ? "" : " data-sortable"
        return """
            <div class="scroll" tabindex="0" role="group" aria-labelledby="\(id)-caption">
            <table id="\(id)"\(kind)>
            <caption id="\(id)-caption"><span>\(caption)</span></caption>
            <thead><tr>\(head)</tr></thead>
            <tbody>
            \(body)
            </tbody>
            </table>
            </div>
            """
    }

    private func cell(_ cell: Cell, _ kind: Kind, isFirst: Bool) -> HTML {
        let key: HTML = cell.sortKey.map { " data-value=\"\($0)\"" } ?? ""
        return isFirst
            ? "<th scope=\"row\"\(Self.style(kind))\(key)>\(cell.content)</th>"
            : "<td\(Self.style(kind))\(key)>\(cell.content)</td>"
    }

    private static func style(_ kind: Kind) -> HTML {
        kind == .number ? " class=\"n\"" : ""
    }
}
