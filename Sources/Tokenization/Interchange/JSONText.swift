/// JSON text in the making: what is written in order, byte for byte.
///
/// Foundation's encoder keeps keys in dictionaries of `String`, in which canonically equivalent
/// tokens of a vocabulary are one key.
struct JSONText: Sendable, ExpressibleByStringLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByIntegerLiteral
{
    let text: String

    private init(raw: String) { text = raw }
    init(_ string: String) { text = Self.quoted(string.unicodeScalars) }
    init(stringLiteral value: String) { self.init(value) }
    init(booleanLiteral value: Bool) { text = value ? "true" : "false" }
    init(integerLiteral value: Int) { text = "\(value)" }
    init(_ value: Int) { text = "\(value)" }
    init(_ value: Int32) { text = "\(value)" }
    init(_ value: Bool) { self.init(booleanLiteral: value) }
    /// - Precondition: the value is finite.
    init(_ value: Double) { text = "\(value)" }

    static let null = JSONText(raw: "null")

    static func array(_ elements: [JSONText]) -> JSONText {
        JSONText(raw: "[" + elements.map(\.text).joined(separator: ",") + "]")
    }

    static func object(_ members: KeyValuePairs<String, JSONText>) -> JSONText {
        object(members.map { ($0.key, $0.value) })
    }

    static func object(_ members: [(String, JSONText)]) -> JSONText {
        JSONText(
            raw: "{"
                + members.map { quoted($0.0.unicodeScalars) + ":" + $0.1.text }
                .joined(separator: ",") + "}")
    }

    /// In ASCII, so that no editor changes a normal form.
    private static func quoted(_ scalars: String.UnicodeScalarView) -> String {
        var result = "\""
        for scalar in scalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case " "..."~": result.unicodeScalars.append(scalar)
            default:
                for unit in String(scalar).utf16 {
                    let digits = String(unit, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            }
        }
        return result + "\""
    }
}
