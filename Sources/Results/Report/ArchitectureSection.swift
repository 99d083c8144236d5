import Heads

/// The exported model's heads, each drawn from top to bottom.
enum ArchitectureSection {
    private static let left = 70.0
    private static let boxWidth = 300.0
    private static let width = 520.0
    private static let gap = 34.0
    /// The value of a source's choice that mixes layers.
    private static let mix = "mix"

    static func html(_ content: ReportContent) -> HTML {
        let members = content.result.exported.members
        let figures: [HTML] = zip(members, content.architectures).enumerated().map { place, head in
            let drawing = figure(head.1, of: head.0, number: place + 1, content.result)
            guard members.count > 1 else { return drawing }
            return """
                <details\(place == 0 ? " open" : "")><summary>Member \(place + 1), share \
                \(Show.percent(head.0.weight)): \(head.0.role.title)</summary>
                \(drawing)
                </details>
                """
        }
        return """
            <section aria-labelledby="architecture">
            <h2 id="architecture">Architecture</h2>
            \(figures)
            </section>
            """
    }

    /// What the head's outputs become.
    private static func outputs(_ result: RunResult) -> String {
        switch result.target ?? .oneClass {
        case .oneClass: "softmax: \(Show.plural(result.labels.count, "class"))"
        case .labels: "sigmoids: \(Show.plural(result.labels.count, "label"))"
        case .number: "a number"
        }
    }

    private static func figure(
        _ diagram: ArchitectureDiagram, of member: RunResult.Member, number: Int,
        _ result: RunResult
    ) -> HTML {
        var y = 10.0
        var parts: [HTML] = [encoder(member, result, at: &y, diagram.inputShape)]
        for box in diagram.boxes { parts.append(draw(box, at: &y)) }
        parts.append(
            """
            <text class="box-title" x="\(Figure.at(left + boxWidth / 2))" y="\(Figure.at(y + 14))" \
            text-anchor="middle">\(outputs(result))</text>
            """)
        let steps = diagram.boxes.map { box in
            ([box.operation] + details(box) + ["gives \(box.shape)"]).joined(separator: ", ")
        }
        return """
            <p>\(HTML(genotype: member.genotype))</p>
            \(Figure.svg(
                id: "architecture-\(number)", width: width, height: y + 30,
                title: "Head \(number), from the encoder to the classes",
                description: steps.joined(separator: "; then "), parts,
                caption: """
                    Each box is an operation with its settings; between boxes is the shape of what \
                    flows on\(diagram.boxes.contains { $0.slot == .block }
                        ? "; a line around a box is its residual connection" : ""). \
                    \(Show.count(member.parameters)) trained weights in all.
                    """))
            """
    }

    private static func encoder(
        _ member: RunResult.Member, _ result: RunResult, at y: inout Double, _ shape: String
    ) -> HTML {
        let state: String
        if case .fineTuned = member.recipe, let layers = result.exported.trainedLayers,
            let first = layers.first, let last = layers.last
        {
            state = "\(Show.layers(Array(first...max(first, last)))) trained, the others frozen"
        } else {
            state = "frozen"
        }
        let name = URLName.last(member.encoder)
        let box = Self.box(y, height: 46, style: "frozen", lines: [(name, true), (state, false)])
        y += 46
        return box + arrow(at: &y, shape)
    }

    private static func draw(_ box: ArchitectureDiagram.Box, at y: inout Double) -> HTML {
        let top = y
        var parts: [HTML] = []
        let settings = details(box).filter { !$0.isEmpty }.joined(separator: ", ")
        let isMix = box.settings.contains { $0.name == "of" && $0.value == Self.mix }
        let isNormFirst = box.norm == "pre" || isMix || box.slot == .classifier
        let norm = normalisation(box)
        func strip() {
            guard let norm else { return }
            parts.append(Self.box(y, height: 26, style: "norm", lines: [(norm, false)]))
            y += 26
        }
        if isNormFirst { strip() }
        let lines = [(box.operation, true)] + (settings.isEmpty ? [] : [(settings, false)])
        let height = lines.count == 1 ? 34.0 : 50
        parts.append(Self.box(y, height: height, style: "operation", lines: lines))
        y += height
        if box.slot == .block {
            parts.append(Self.box(y, height: 24, style: "norm", lines: [("+ residual", false)]))
            parts.append(residual(from: top - gap / 2, to: y + 12))
            y += 24
        }
        if !isNormFirst { strip() }
        parts.append(
            """
            <text class="tick" x="\(Figure.at(left + boxWidth + 10))" \
            y="\(Figure.at((top + y) / 2 + 4))">\(Show.plural(box.parameters, "weight"))</text>
            """)
        return HTML(trusted: parts.map(\.source).joined()) + arrow(at: &y, box.shape)
    }

    /// What the normalisation of an operation is; `nil` where there is none.
    private static func normalisation(_ box: ArchitectureDiagram.Box) -> String? {
        switch box.norm {
        case "pre", "post", "layer": "layer norm"
        case "standard": "standardised by train’s mean and variance"
        default: nil
        }
    }

    /// The settings, in words where their names are not clear enough.
    private static func details(_ box: ArchitectureDiagram.Box) -> [String] {
        box.settings.compactMap { name, value in
            switch (name, value) {
            case ("dropout", "0"), ("activation", "none"), ("hidden", "0"): nil
            case ("of", Self.mix): "learned mix of all layers"
            case ("of", _): "layer \(value)"
            case ("width", "full"): "features unchanged"
            case ("activation", _) where box.slot == .classifier: hasHidden(box) ? value : nil
            default: "\(name) \(value)"
            }
        }
    }

    private static func hasHidden(_ box: ArchitectureDiagram.Box) -> Bool {
        box.settings.contains { $0.name == "hidden" && $0.value != "0" }
    }

    // MARK: Shapes

    private static func box(
        _ y: Double, height: Double, style: String, lines: [(text: String, isTitle: Bool)]
    ) -> HTML {
        let middle = y + height / 2 - Double(lines.count - 1) * 9 + 5
        let texts: [HTML] = lines.enumerated().map { index, line in
            """
            <text class="\(line.isTitle ? "box-title" : "box-text")" \
            x="\(Figure.at(left + boxWidth / 2))" y="\(Figure.at(middle + 18 * Double(index)))" \
            text-anchor="middle">\(line.text)</text>
            """
        }
        return """
            <rect class="\(style)" x="\(Figure.at(left))" y="\(Figure.at(y))" \
            width="\(Figure.at(boxWidth))" height="\(Figure.at(height))" rx="4"/>\(texts)
            """
    }

    private static func arrow(at y: inout Double, _ shape: String) -> HTML {
        let x = left + boxWidth / 2
        let tip = y + gap - 2
        let arrow: HTML = """
            <path class="axis" d="M\(Figure.at(x)) \(Figure.at(y))V\(Figure.at(tip))\
            M\(Figure.at(x - 4)) \(Figure.at(tip - 6))L\(Figure.at(x)) \(Figure.at(tip))\
            L\(Figure.at(x + 4)) \(Figure.at(tip - 6))"/>\
            <text class="tick" x="\(Figure.at(x + 10))" \
            y="\(Figure.at(y + gap / 2 + 3))">\(shape)</text>
            """
        y += gap
        return arrow
    }

    /// From the arrow above a box, around it, to the sum.
    private static func residual(from top: Double, to bottom: Double) -> HTML {
        let x = left + boxWidth / 2
        return """
            <path class="residual" d="M\(Figure.at(x)) \(Figure.at(top))H\(Figure.at(left - 25))\
            V\(Figure.at(bottom))H\(Figure.at(left))M\(Figure.at(left - 6)) \
            \(Figure.at(bottom - 4))\
            L\(Figure.at(left)) \(Figure.at(bottom))L\(Figure.at(left - 6)) \
            \(Figure.at(bottom + 4))"/>
            """
    }
}

/// The last part of a name that may be a path.
enum URLName {
    static func last(_ name: String) -> String {
        String(name.split(separator: "/").last ?? "encoder").prefix(34).description
    }
}
