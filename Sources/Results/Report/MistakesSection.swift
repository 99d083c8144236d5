import Tasks

/// The test rows that the exported model gets wrong, the most confident first.
enum MistakesSection {
    /// Most rows that are listed.
    static let limit = 50
    /// Most characters of a text that are shown.
    private static let textLimit = 600

    static func html(_ content: ReportContent) -> HTML {
        let test = content.test
        let total = test.predictions.correct.count { !$0 }
        return """
            <section aria-labelledby="mistakes">
            <h2 id="mistakes">Mistakes on test</h2>
            \(total == 0 ? "<p>The exported model gets every test row right.</p>" : table(test, total))
            </section>
            """
    }

    private static func table(_ test: TestPredictions, _ total: Int) -> HTML {
        let mistakes = test.mistakes(limit: limit)
        return Table(
            id: "mistake-rows",
            caption: """
                \(mistakes.count < total ? "The \(mistakes.count) most confident of" : "All") \
                \(Show.plural(total, "mistake")) of the exported model in \
                \(Show.plural(test.examples.count, "test row"))
                """,
            columns: [
                ("Text", .text), ("True", .text), ("Predicted", .text), ("Confidence", .number),
                ("Probability of the true class", .number),
            ],
            rows: mistakes.map { mistake in
                [
                    .init(texts(mistake.example)),
                    .init("<bdi>\(test.labels[mistake.truth])</bdi>"),
                    .init("<bdi>\(test.labels[mistake.predicted])</bdi>"),
                    .init(mistake.confidence, Show.share(mistake.confidence)),
                    .init(mistake.probabilityOfTruth, Show.share(mistake.probabilityOfTruth)),
                ]
            }
        ).html
    }

    /// The text or both texts, each with the direction of its own script.
    static func texts(_ example: Example) -> HTML {
        let first: HTML = "<span class=\"text\" dir=\"auto\">\(cut(example.text))</span>"
        guard let pair = example.pair else { return first }
        return first + "<span class=\"text pair\" dir=\"auto\">\(cut(pair))</span>"
    }

    /// Counts code points: a character in Swift can be of any length.
    private static func cut(_ text: String) -> String {
        let scalars = text.unicodeScalars
        guard
            let end = scalars.index(
                scalars.startIndex, offsetBy: textLimit, limitedBy: scalars.endIndex),
            end != scalars.endIndex
        else { return text }
        return String(String.UnicodeScalarView(scalars[..<end])) + " …"
    }
}
