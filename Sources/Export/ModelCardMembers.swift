import Foundation

extension ModelCard {
    /// The heads of a portfolio as a table, the weightiest first.
    static func members(_ model: ModelConfiguration) -> String {
        let ranked = model.members.enumerated().sorted {
            ($1.element.weight, $0.offset) < ($0.element.weight, $1.offset)
        }.map(\.element)
        let rows = ranked.map { member in
            let view = model.views[member.view]
            let cells = [
                number(member.weight), "`\(cell(member.genotype))`", "\(member.replicas)",
                "`\(cell(view.encoder.name))`",
            ]
            let pairing = model.hasPairs ? [view.pairing == .joint ? "joint" : "siamese"] : []
            let read = view.fineTuning?.headLayers ?? member.layers
            let trained = view.fineTuning.map { " (\($0.firstLayer) to \($0.lastLayer) trained)" }
            let layers = read.map(String.init).joined(separator: ", ") + (trained ?? "")
            return "| \((cells + pairing + [layers]).joined(separator: " | ")) |"
        }
        let pairs = model.hasPairs ? " pairs |" : ""
        let rule = String(repeating: "---|", count: model.hasPairs ? 6 : 5)
        return """
            | weight | head | trainings | encoder |\(pairs) layers |
            |\(rule)
            \(rows.joined(separator: "\n"))

            """
    }

    /// User text in a table's cell.
    private static func cell(_ text: String) -> String {
        line(text).replacingOccurrences(of: "|", with: "\\|")
    }
}
