/// Shapes that can be distinguished without colour.
enum Mark: Int, CaseIterable {
    case circle, square, triangle, diamond, cross, plus, down, star

    /// The shape of the n-th series; shapes repeat after all are used.
    init(series: Int) { self = Self.allCases[series % Self.allCases.count] }

    /// The dash pattern of the n-th series' line.
    static func dash(series: Int) -> String {
        ["none", "7 4", "2 3", "9 3 2 3", "12 5", "4 2", "1 4", "8 2 1 2"][series % 8]
    }

    /// Its name, for legends.
    var name: String {
        switch self {
        case .circle: "circle"
        case .square: "square"
        case .triangle: "triangle"
        case .diamond: "diamond"
        case .cross: "cross"
        case .plus: "plus"
        case .down: "upside-down triangle"
        case .star: "star"
        }
    }

    /// The shape around a point.
    /// - Parameters:
    ///   - title: shown where a pointer rests, and read aloud.
    ///   - style: a class of the style sheet.
    func svg(_ x: Double, _ y: Double, size r: Double = 5, style: String, title: String = "")
        -> HTML
    {
        func at(_ dx: Double, _ dy: Double) -> String {
            "\(Figure.at(x + dx * r)) \(Figure.at(y + dy * r))"
        }
        let path: String
        switch self {
        case .circle:
            let size = Figure.at(r)
            path =
                "M\(at(-1, 0))a\(size) \(size) 0 1 0 \(Figure.at(2 * r)) 0"
                + "a\(size) \(size) 0 1 0 \(Figure.at(-2 * r)) 0Z"
        case .square:
            path = "M\(at(-0.9, -0.9))L\(at(0.9, -0.9))L\(at(0.9, 0.9))L\(at(-0.9, 0.9))Z"
        case .triangle: path = "M\(at(0, -1.1))L\(at(1.1, 0.9))L\(at(-1.1, 0.9))Z"
        case .diamond: path = "M\(at(0, -1.2))L\(at(1.2, 0))L\(at(0, 1.2))L\(at(-1.2, 0))Z"
        case .cross: path = "M\(at(-1, -1))L\(at(1, 1))M\(at(-1, 1))L\(at(1, -1))"
        case .plus: path = "M\(at(-1.2, 0))L\(at(1.2, 0))M\(at(0, -1.2))L\(at(0, 1.2))"
        case .down: path = "M\(at(0, 1.1))L\(at(1.1, -0.9))L\(at(-1.1, -0.9))Z"
        case .star:
            let points: [(Double, Double)] = [
                (0, -1.7), (0.45, -0.55), (1.6, -0.5), (0.7, 0.25), (1, 1.4), (0, 0.75),
                (-1, 1.4), (-0.7, 0.25), (-1.6, -0.5), (-0.45, -0.55),
            ]
            path = "M" + points.map { at($0.0, $0.1) }.joined(separator: "L") + "Z"
        }
        let tip: HTML = title.isEmpty ? "" : "<title>\(title)</title>"
        return "<path class=\"mark \(style)\" d=\"\(path)\">\(tip)</path>"
    }
}
