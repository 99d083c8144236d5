import Foundation

/// A piece of a page. Literals are markup; interpolated text is escaped, unless it is a piece of a
/// page itself. Escaping cannot be forgotten, because only literals are trusted.
package struct HTML: Sendable, Equatable, ExpressibleByStringInterpolation {
    /// The markup.
    package private(set) var source: String

    package init(stringLiteral value: String) { source = value }
    package init(stringInterpolation: StringInterpolation) { source = stringInterpolation.source }

    /// Text as markup that shows it.
    package init(text: String) { source = Self.escape(text) }

    /// Markup that this program made itself, e.g. a style sheet.
    /// - Parameter trusted: never what a user wrote.
    init(trusted: String) { source = trusted }

    /// A genotype that breaks between its operations, and within them after commas.
    init(genotype text: String) {
        let parts: [HTML] = text.components(separatedBy: " > ").map { operation in
            let settings: [HTML] = operation.components(separatedBy: ",").map { "\($0)" }
            return HTML(trusted: settings.map(\.source).joined(separator: ",<wbr>"))
        }
        let whole = HTML(trusted: parts.map(\.source).joined(separator: " &gt; "))
        self = "<code class=\"genotype\">\(whole)</code>"
    }

    /// Inserts text and pieces of pages into markup.
    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var source = ""

        package init(literalCapacity: Int, interpolationCount: Int) {
            source.reserveCapacity(literalCapacity)
        }

        package mutating func appendLiteral(_ literal: String) { source += literal }
        package mutating func appendInterpolation(_ text: String) { source += HTML.escape(text) }
        package mutating func appendInterpolation(_ number: Int) { source += String(number) }
        package mutating func appendInterpolation(_ piece: HTML) { source += piece.source }
        package mutating func appendInterpolation(_ pieces: [HTML]) {
            source += pieces.map(\.source).joined(separator: "\n")
        }
    }

    static func + (a: HTML, b: HTML) -> HTML { HTML(trusted: a.source + b.source) }

    /// Text for element content and quoted attributes. It works on code points, as browsers do: in
    /// Swift a `<` with a combining mark is another character, but in a browser it still opens a
    /// tag. Control characters, which HTML does not allow, become replacement characters.
    static func escape(_ text: String) -> String {
        var result = ""
        result.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case "\t", "\n": result.unicodeScalars.append(scalar)
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{FFFE}", "\u{FFFF}":
                result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

/// Numbers as the report shows them.
enum Show {
    /// A share of 1 with three decimals.
    static func share(_ value: Double) -> String { decimals(value, 3) }

    /// A share of 1 as a percentage.
    static func percent(_ value: Double) -> String { decimals(value * 100, 1) + "%" }

    /// A difference of shares in percentage points, with its sign.
    static func points(_ value: Double) -> String {
        guard value.isFinite else { return "–" }
        let rounded = (value * 1000).rounded() / 10
        return rounded == 0 ? "0.0" : String(format: "%+.1f", rounded)
    }

    /// The size of a difference of shares in percentage points.
    static func distance(_ value: Double) -> String { decimals(abs(value) * 100, 1) }

    /// A small difference with three decimals and its sign.
    static func signed(_ value: Double) -> String {
        guard value.isFinite else { return "–" }
        let rounded = (value * 1000).rounded() / 1000
        return rounded == 0 ? "0.000" : String(format: "%+.3f", rounded)
    }

    static func decimals(_ value: Double, _ digits: Int) -> String {
        value.isFinite ? String(format: "%.\(digits)f", value) : "–"
    }

    /// Three significant digits, six from a thousand to a million: sums of ranks, the scores of a
    /// vote, would look the same with fewer.
    static func short(_ value: Double) -> String {
        guard value.isFinite else { return "–" }
        return String(format: (1e3..<1e6).contains(value.magnitude) ? "%.6g" : "%.3g", value)
    }

    /// A count with spaces between thousands.
    static func count(_ value: Int) -> String {
        var digits = String(value.magnitude)
        var groups: [String] = []
        while digits.count > 3 {
            groups.append(String(digits.suffix(3)))
            digits.removeLast(3)
        }
        groups.append(digits)
        return (value < 0 ? "−" : "") + groups.reversed().joined(separator: "\u{202F}")
    }

    /// A time in a suitable unit.
    static func duration(_ seconds: Double) -> String {
        switch seconds {
        case ..<100: "\(decimals(seconds, 1)) s"
        case ..<6000: "\(decimals(seconds / 60, 1)) min"
        case ..<172_800: "\(decimals(seconds / 3600, 1)) h"
        default: "\(decimals(seconds / 86_400, 1)) days"
        }
    }

    /// The p of a test; tiny ones as a bound.
    static func probability(_ p: Double) -> String { p < 0.001 ? "< 0.001" : decimals(p, 3) }

    /// `1 head`, `2 heads`, `2 classes`.
    static func plural(_ count: Int, _ noun: String) -> String {
        let ending = count == 1 ? "" : noun.hasSuffix("s") ? "es" : "s"
        return "\(Show.count(count)) \(noun)\(ending)"
    }

    /// `layer 10`, `layers 8 to 10`, `layers 3, 7 and 8`.
    static func layers(_ layers: [Int]) -> String {
        guard layers.count > 1 else { return "layer \(layers.first ?? 0)" }
        let isRange = zip(layers, layers.dropFirst()).allSatisfy { $0 + 1 == $1 }
        return isRange && layers.count > 2
            ? "layers \(layers[0]) to \(layers[layers.count - 1])"
            : "layers \(list(layers.map(String.init)))"
    }

    /// `a`, `a and b`, `a, b and c`.
    static func list(_ names: [String]) -> String {
        guard let last = names.last, names.count > 1 else { return names.first ?? "" }
        return names.dropLast().joined(separator: ", ") + " and " + last
    }

    /// A number of any size: whole below a billion, otherwise as a power of ten.
    static func size(_ value: Double) -> HTML {
        guard value.isFinite else { return "–" }
        if value < 1e9 { return HTML(text: count(Int(value))) }
        let parts = String(format: "%.2e", value).split(separator: "e")
        let exponent = parts.count == 2 ? Int(parts[1]) ?? 0 : 0
        return "about \(String(parts[0])) × 10<sup>\(exponent)</sup>"
    }
}
