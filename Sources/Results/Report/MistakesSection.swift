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
            \(total == 0 ? "<p>The exported model gets every test row right.</p>" : table(content, total))
            </section>
            """
    }

    private static func table(_ content: ReportContent, _ total: Int) -> HTML {
        let test = content.test
        let mistakes = test.mistakes(limit: limit)
        return legend(content)
            + Table(
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
                        .init(texts(mistake.example, content.shaded[mistake.row] ?? [])),
                        .init("<bdi>\(test.labels[mistake.truth])</bdi>"),
                        .init("<bdi>\(test.labels[mistake.predicted])</bdi>"),
                        .init(mistake.confidence, Show.share(mistake.confidence)),
                        .init(mistake.probabilityOfTruth, Show.share(mistake.probabilityOfTruth)),
                    ]
                }
            ).html
    }

    /// What shades mean; nothing where no word is shaded.
    private static func legend(_ content: ReportContent) -> HTML {
        guard !content.shaded.isEmpty else { return "" }
        return """
            <p class="note">Shaded words, of \(Show.plural(content.shaded.count, "row")): \
            <span class="word for4">these</span> speak for the predicted class, \
            <span class="word against4">these</span>, underlined, against it; the darker, the more. Shapley \
            values in nats of its log-odds, as <code>knas predict --explain</code> gives them.</p>
            """
    }

    /// The text or both texts, each with the direction of its own script.
    /// - Parameter words: what words add, to shade them by.
    static func texts(_ example: Example, _ words: [ReportContent.ShadedWord] = []) -> HTML {
        let finite = words.filter(\.contribution.isFinite)
        let largest = finite.map(\.contribution.magnitude).max() ?? 0
        func shown(_ text: String, _ segment: Int) -> HTML {
            let own = finite.filter { $0.segment == segment }
            return own.isEmpty ? "\(cut(text))" : shaded(text, own, largest: largest)
        }
        let first: HTML = "<span class=\"text\" dir=\"auto\">\(shown(example.text, 0))</span>"
        guard let pair = example.pair else { return first }
        return first + "<span class=\"text pair\" dir=\"auto\">\(shown(pair, 1))</span>"
    }

    /// A text with its words in shades.
    /// - Parameter largest: the contribution, of either sign, of the darkest shade.
    private static func shaded(
        _ text: String, _ words: [ReportContent.ShadedWord], largest: Double
    ) -> HTML {
        let characters = Array(text)
        var result: HTML = ""
        var (place, length) = (0, 0)
        for word in words where word.start >= place && word.start + word.count <= characters.count {
            let own = String(characters[word.start..<word.start + word.count])
            length += String(characters[place..<word.start]).unicodeScalars.count
            length += own.unicodeScalars.count
            guard length <= textLimit else { return result + " …" }
            result = result + "\(String(characters[place..<word.start]))"
            let shade = largest > 0 ? Int((4 * word.contribution.magnitude / largest).rounded()) : 0
            let side = word.contribution < 0 ? "against" : "for"
            result =
                result
                + (shade == 0
                    ? "\(own)"
                    : """
                    <span class="word \(side)\(shade)" \
                    title="\(Show.signed(word.contribution))">\(own)</span>
                    """)
            place = word.start + word.count
        }
        return result + "\(cut(String(characters[place...])))"
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
