/// Which classes are mistaken for which.
enum ConfusionSection {
    static func html(_ content: ReportContent) -> HTML {
        let labels = content.test.labels
        let counts = content.result.exported.confusion
        return """
            <section aria-labelledby="confusion">
            <h2 id="confusion">Confusion matrix</h2>
            <p>\(worst(counts, labels))</p>
            \(matrix(counts, labels))
            </section>
            """
    }

    private static func matrix(_ counts: [[Int]], _ labels: [String]) -> HTML {
        let head: [HTML] = labels.map { "<th scope=\"col\" class=\"n\"><bdi>\($0)</bdi></th>" }
        let rows: [HTML] = labels.indices.map { row in
            let total = counts[row].reduce(0, +)
            let cells: [HTML] = labels.indices.map { column in
                let share = total == 0 ? 0 : Double(counts[row][column]) / Double(total)
                let style =
                    row == column ? "n right" : counts[row][column] == 0 ? "n none" : "n"
                return """
                    <td class="\(style)" style="--share:\(Show.decimals(share, 3))">\
                    <span>\(total == 0 ? "–" : Show.percent(share))</span> \
                    <small>\(Show.count(counts[row][column]))</small></td>
                    """
            }
            return """
                <tr><th scope="row"><bdi>\(labels[row])</bdi></th>\(cells)\
                <td class="n">\(Show.count(total))</td></tr>
                """
        }
        return """
            <div class="scroll" tabindex="0" role="group" aria-labelledby="matrix-caption">
            <table id="matrix" class="matrix">
            <caption id="matrix-caption"><span>Test rows of the exported model. A row of the \
            table is a true class, a column what the model predicts: percentages of the row, \
            counts below. The framed diagonal is right; the fuller a cell’s bar, the larger its \
            share</span></caption>
            <thead><tr><th scope="col">true \\ predicted</th>\(head)<th scope="col" \
            class="n">rows</th></tr></thead>
            <tbody>
            \(rows)
            </tbody>
            </table>
            </div>
            """
    }

    /// The most frequent mistake, in words.
    private static func worst(_ counts: [[Int]], _ labels: [String]) -> HTML {
        var worst = (count: 0, row: 0, column: 0)
        for row in counts.indices {
            for column in counts[row].indices
            where row != column && counts[row][column] > worst.count {
                worst = (counts[row][column], row, column)
            }
        }
        guard worst.count > 0 else { return "Every test row is right." }
        return """
            Most often “<bdi>\(labels[worst.row])</bdi>” is mistaken for \
            “<bdi>\(labels[worst.column])</bdi>”: \(Show.plural(worst.count, "row")).
            """
    }
}
