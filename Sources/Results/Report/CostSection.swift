import Support

/// What the run took, and what training everything would have taken.
enum CostSection {
    static func html(_ content: ReportContent) -> HTML {
        let cost = content.result.cost
        let energy = EnergyEstimate(
            cpuSeconds: cost.cpuSeconds, wallSeconds: cost.wallSeconds,
            memoryBytes: cost.peakMemoryBytes)
        return """
            <section aria-labelledby="cost">
            <h2 id="cost">Cost</h2>
            <p>The run took \(Show.duration(cost.wallSeconds)), \(Show.duration(cost.cpuSeconds)) \
            of processor time on all cores together, and at most \
            \(Show.count(cost.peakMemoryBytes >> 20)) MiB of memory. By estimate that is \
            \(energy.text) of CO<sub>2</sub> equivalent.</p>
            \(moments(content.result.curve ?? []))
            \(stages(cost))
            \(comparison(content))
            <p class="note">Energy and emissions are estimates, not measurements. They assume \
            \("\(EnergyEstimate.wattsPerCore)") W for a busy core, \
            \("\(EnergyEstimate.wattsPerGigabyte)") W for a gigabyte of memory, no share for \
            cooling, and electricity at \(Show.short(EnergyEstimate.gramsPerKilowattHour)) g \
            CO<sub>2</sub> equivalent per kilowatt-hour (world average), as in Lannelongue, \
            Grealey and Inouye, Green Algorithms, Advanced Science 2021. Other processors and grids \
            differ by factors.</p>
            </section>
            """
    }

    /// What the time of a run with a limit brought.
    private static func moments(_ curve: [RunResult.Moment]) -> HTML {
        guard curve.count > 1 else { return "" }
        let hasAccuracy = curve.allSatisfy { $0.heldOutAccuracy != nil }
        let list = curve.map { moment in
            let (after, loss) = (
                Show.duration(moment.seconds), Show.share(moment.heldOutCrossEntropy)
            )
            return moment.heldOutAccuracy.map {
                "\(Show.share($0)) after \(after) (cross entropy \(loss))"
            } ?? "\(loss) after \(after)"
        }
        let what = hasAccuracy ? "accuracy" : "squared error, in variances,"
        return "<p>Held-out \(what) on the way: \(Show.list(list)).</p>"
    }

    private static func stages(_ cost: Cost) -> HTML {
        let stages = cost.stages.filter { $0.value >= 0.0005 }.sorted {
            ($1.value, $0.key) < ($0.value, $1.key)
        }
        let longest = max(stages.first?.value ?? 0, 1e-9)
        let listed = stages.reduce(0) { $0 + $1.value }
        let rest = max(0, cost.wallSeconds - listed)
        return Table(
            id: "stages",
            caption:
                "Seconds by stage, longest first, and seconds in which a thread did nothing; features may "
                + "come from an earlier run’s cache",
            columns: [
                ("Stage", .text), ("Seconds", .number), ("Idle", .number), ("Share", .number),
                ("", .text),
            ],
            rows: (stages.map { ($0.key, $0.value) } + [("everything else", rest)]).map {
                name, seconds in
                [
                    .init(text: explained(name)), .init(seconds, Show.decimals(seconds, 1)),
                    cost.idle?[name].map { .init($0, Show.decimals($0, 1)) } ?? .init(text: ""),
                    .init(seconds, Show.percent(seconds / max(cost.wallSeconds, 1e-9))),
                    .init(
                        """
                        <span class="meter" aria-hidden="true" \
                        style="--share:\(Show.decimals(min(1, seconds / longest), 3))"></span>
                        """),
                ]
            }
        ).html
    }

    private static func explained(_ stage: String) -> String {
        switch stage {
        case "tasks": "tasks: reading the rows"
        case "encoder": "encoder: loading it"
        case "features": "features: encoding the rows"
        case "search": "search: scoring candidates"
        case "layers": "layers: probing them on a sample"
        case "contestants": "contestants: the funnel, and trials on held-out parts"
        case "tuning": "tuning: other training configurations"
        case "linear heads": "linear heads: exact fits"
        case "portfolio": "portfolio: choosing members, training their further seeds"
        case "controls": "controls: heads to compare with"
        case "fine-tuning": "fine-tuning: training encoder layers with heads"
        case "evaluation": "evaluation: predictions on test"
        default: stage
        }
    }

    /// Scoring all candidates compared with training all of them.
    private static func comparison(_ content: ReportContent) -> HTML {
        let (result, cost, effort) = (content.result, content.result.cost, content.effort)
        let scoring = cost.stages["search"] ?? 0
        let training = cost.stages["contestants"] ?? 0
        guard effort.rows > 0, cost.wallSeconds > 0, result.search.candidates > 1 else {
            return "<p>One head was given: there was nothing to save.</p>"
        }
        let one = training / Double(effort.rows) * Double(effort.rowsOfOne)
        let all = one * Double(result.search.candidates)
        // Both stages keep as many cores busy as the whole run does.
        let busy = cost.cpuSeconds / cost.wallSeconds
        func row(_ name: String, _ seconds: Double) -> [Table.Cell] {
            let energy = EnergyEstimate(
                cpuSeconds: seconds * busy, wallSeconds: seconds,
                memoryBytes: cost.peakMemoryBytes)
            return [
                .init(text: name), .init(seconds, Show.duration(seconds)),
                .init(text: energy.text),
            ]
        }
        let ratio = all / max(scoring + training, 1e-9)
        let candidates = Show.plural(result.search.candidates, "candidate")
        return """
            <h3>Compared with training everything</h3>
            <p>The funnel’s \(Show.plural(effort.heads, "head")) took \(Show.duration(training)); \
            at that speed a training to the end takes \(Show.duration(one)). Training all \
            \(candidates) once would then have taken about \(Show.duration(all)): \
            \(Show.short(ratio)) times what scoring them and the funnel took\
            \(ratio < 1 ? ", so a search this small saved nothing" : "").</p>
            \(Table(
                id: "alternatives",
                caption: "Times as measured and, for training every candidate, as estimated",
                columns: [("What", .text), ("Time", .number), ("Energy and CO₂, estimated", .text)],
                rows: [
                    row("scoring \(candidates)", scoring),
                    row("the funnel and its contestants’ trials", training),
                    row("training every candidate once (estimate)", all),
                ]).html)
            """
    }
}
