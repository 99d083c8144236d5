/// How well each label is found, where rows may have several.
enum LabelsSection {
    static func html(_ content: ReportContent) -> HTML {
        let test = content.result.exported.test
        let none = content.test.examples.count { $0.target.indices.isEmpty }
        return """
            <section aria-labelledby="labels">
            <h2 id="labels">Labels on test</h2>
            <p>A row is said to have a label where its probability reaches the label’s threshold, which was \
            chosen by F1 on held-out rows. All labels are right in \(Show.percent(test.accuracy)) of \
            \(Show.plural(test.count, "row")); \(Show.plural(none, "row")) of them \
            \(none == 1 ? "has" : "have") no label.</p>
            \(table(content))
            </section>
            """
    }

    private static func table(_ content: ReportContent) -> HTML {
        let result = content.result
        return Table(
            id: "label-rows", caption: "Each label by itself",
            columns: [
                ("Label", .text), ("Threshold", .number), ("Rows that have it", .number),
                ("Said to have it", .number), ("Of these right", .number), ("F1", .number),
                ("Average precision", .number),
            ],
            rows: zip(result.labels, result.exported.labels ?? []).map { name, label in
                [
                    .init("<bdi>\(name)</bdi>"), .init(label.threshold), .init(label.present),
                    .init(label.given), .init(label.right), .init(label.f1),
                    label.averagePrecision.map { .init($0) } ?? .empty,
                ]
            }, sortedColumn: 0
        ).html
    }
}
