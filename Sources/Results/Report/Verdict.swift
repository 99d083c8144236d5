import Metrics
import Selection

/// What a comparison of the exported model with another on test rows says.
struct Verdict {
    /// Whether the rows can tell the two apart: not where the interval of the difference holds 0.
    enum Kind { case better, undecided, worse }

    let comparison: PairedComparison

    var kind: Kind {
        comparison.interval.contains(0)
            ? .undecided : comparison.difference > 0 ? .better : .worse
    }

    /// The difference's interval, e.g. `[−0.4 to +2.9]`.
    var interval: String {
        "[\(Show.points(comparison.interval.lower)) to \(Show.points(comparison.interval.upper))]"
    }

    /// How far the other is behind or ahead, e.g. `1.2 points less [2.9 less to 0.4 more]`.
    var distance: String {
        let interval = comparison.interval
        let ends = "[\(amount(interval.upper)) to \(amount(interval.lower))]"
        guard Double(Show.distance(comparison.difference)) != 0 else { return "as much \(ends)" }
        let size = amount(comparison.difference).replacing(" ", with: " points ")
        return "\(size) \(ends)"
    }

    /// What the other has where the exported model has so much more.
    private func amount(_ difference: Double) -> String {
        let size = Show.distance(difference)
        return Double(size) == 0 ? size : "\(size) \(difference > 0 ? "less" : "more")"
    }
}

/// The questions that a reader has, answered from a result.
enum Answers {
    // MARK: What is it?

    /// What the exported model is, and how good.
    static func what(_ result: RunResult) -> HTML {
        let exported = result.exported
        return """
            \(kind(result)). \(quality(result)) \(chance(result))An answer takes \
            \(Show.decimals(exported.costFactor, 2)) times the work of the encoder alone\
            \(views(exported) > 1 ? " (the cheapest of those that it runs)" : "").
            """
    }

    private static func kind(_ result: RunResult) -> HTML {
        let model = result.exported
        let trainings = model.members.reduce(0) { $0 + $1.seeds }
        let size = model.members.count
        if size > 1 {
            return """
                A <strong>portfolio of \(size) heads</strong> that answer together, \
                \(trainings) trained heads in all\
                \(model.trainedLayers == nil ? "" : "; one was trained with the encoder’s layers")
                """
        }
        let seeds = trainings > 1 ? ", \(trainings) trainings of it averaged" : ""
        switch model.role {
        case .portfolio:
            return "A portfolio of <strong>one head</strong>, since no other adds to it\(seeds)"
        case .single:
            let what =
                result.search.candidates > 1 ? "the best by itself" : "the one that was given"
            return "<strong>One head</strong>, \(what)\(seeds)"
        default:
            return "<strong>One head</strong>, the \(model.role.title): \(model.role.explanation)"
        }
    }

    /// How good the exported model is, by the metric that decides and by accuracy.
    private static func quality(_ result: RunResult) -> HTML {
        let (test, heldOut, metric) = (
            result.exported.test, result.exported.heldOut, result.metrics[0]
        )
        let rows = Show.plural(test.count, "test row")
        if metric == .accuracy {
            let before = heldOut.map {
                " (\(Show.percent($0.accuracy)) of \(Show.plural($0.count, "held-out row")))"
            }
            return """
                It is right on <strong>\(Show.percent(test.accuracy))</strong> of \(rows)\
                \(before ?? "").
                """
        }
        let before = heldOut.map {
            " (\(Show.share($0.value(of: metric))) on \(Show.plural($0.count, "held-out row")))"
        }
        return """
            Its \(result.title(of: metric)) is <strong>\(Show.share(test.value(of: metric)))</strong> on \
            \(rows)\(before ?? "")\(right(result))
            """
    }

    private static func right(_ result: RunResult) -> HTML {
        let share = Show.percent(result.exported.test.accuracy)
        switch result.target ?? .oneClass {
        case .oneClass: return "; it is right on \(share) of the test rows."
        case .labels: return "; all labels are right on \(share) of the test rows."
        case .number: return "."
        }
    }

    private static func chance(_ result: RunResult) -> HTML {
        guard let text = result.chance else { return "" }
        return "<strong>Beware</strong>: \(text). "
    }

    private static func views(_ model: RunResult.Model) -> Int {
        Set(model.members.map { [$0.encoder, $0.pairing] }).count
    }

    // MARK: Is it better than something simple?

    /// The exported model against one head and the simplest controls.
    static func simple(_ result: RunResult) -> HTML {
        let simple: [Role] = [.linear, .mlp, .fineTunedLinear]
        var models = simple.compactMap { result.controls[$0.rawValue] }
        models.append(result.single)
        let verdicts = models.compactMap { model in
            model.exportedMinusThis.map { (model.role.title, Verdict(comparison: $0)) }
        }
        guard !verdicts.isEmpty else { return "There is nothing to compare it with." }
        func list(_ kind: Verdict.Kind, _ figures: (Verdict) -> String) -> HTML? {
            let found = verdicts.filter { $0.1.kind == kind }
            guard !found.isEmpty else { return nil }
            return HTML(text: Show.list(found.map { "the \($0.0) \(figures($0.1))" }))
        }
        let sentences: [HTML?] = [
            list(.better) { "by \(Show.distance($0.comparison.difference)) \($0.interval)" }.map {
                "It does better than \($0)."
            },
            list(.undecided) {
                "(\(Show.points($0.comparison.difference)) \($0.interval))"
            }.map {
                """
                The \(Show.plural(result.exported.test.count, "test row")) cannot tell it from \($0).
                """
            },
            list(.worse) { "by \(Show.distance($0.comparison.difference)) \($0.interval)" }.map {
                "It does <strong>worse</strong> than \($0)."
            },
        ]
        return """
            \(sentences.compactMap { $0 }) Differences are in points of \(result.title(of: result.metrics[0])) \
            on test, with 95% intervals.
            """
    }

    // MARK: Was the search worth it?

    /// Whether scoring without training, and the search as a whole, were worth their time here.
    static func worth(_ result: RunResult) -> HTML {
        guard result.search.candidates > 1 else {
            return "One head was given: nothing was searched."
        }
        guard result.exported.trainedLayers == nil else {
            return """
                The answer is fine-tuned, and random heads are not: what the search gives on the frozen encoder \
                is in the table of controls.
                """
        }
        let scoring = Show.duration(result.search.scoringSeconds)
        let sentences = [
            verdict(result, .randomFunnel).map { withoutScores($0, scoring) },
            verdict(result, .random).map(randomSearch),
        ].compactMap { $0 }
        guard !sentences.isEmpty else {
            return """
                Scoring took \(scoring). Whether that was worth it, this run cannot say: \
                <code class="option">--controls full</code> also runs the same search without scores, and random \
                search with as much work.
                """
        }
        return "\(sentences)"
    }

    private static func verdict(_ result: RunResult, _ role: Role) -> Verdict? {
        result.controls[role.rawValue]?.exportedMinusThis.map { Verdict(comparison: $0) }
    }

    private static func withoutScores(_ verdict: Verdict, _ scoring: String) -> HTML {
        switch verdict.kind {
        case .better:
            """
            Scoring was worth its \(scoring): the same search without scores has \
            \(verdict.distance).
            """
        case .undecided:
            """
            These test rows do not show that scoring was worth its \(scoring): the same search \
            without scores has \(verdict.distance).
            """
        case .worse:
            """
            Scoring did <strong>harm</strong>: the same search without scores has \
            \(verdict.distance).
            """
        }
    }

    private static func randomSearch(_ verdict: Verdict) -> HTML {
        switch verdict.kind {
        case .better:
            """
            Random search over all layers, with as much work, has \(verdict.distance): the search as a \
            whole was worth its time.
            """
        case .undecided:
            """
            Random search over all layers, with as much work, has \(verdict.distance): these test rows \
            cannot tell it from the search.
            """
        case .worse:
            """
            Random search over all layers, with as much work, does <strong>better</strong>: it has \
            \(verdict.distance).
            """
        }
    }
}
