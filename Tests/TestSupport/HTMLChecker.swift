/// A small check that a page is well-formed: every tag is closed in its order, every attribute
/// quoted, no id twice, references lead somewhere.
public struct HTMLChecker {
    private static let void: Set<String> = ["meta", "br", "hr", "img", "input", "link", "wbr"]
    private static let raw: Set<String> = ["script", "style"]

    /// What is wrong, in the order of the page.
    public private(set) var faults: [String] = []
    /// Names of all elements.
    public private(set) var elements: [String: Int] = [:]
    /// Names of all attributes.
    public private(set) var attributes: [String: Int] = [:]
    public private(set) var ids: Set<String> = []
    private var references: [String] = []
    private var open: [String] = []
    private let source: [Unicode.Scalar]
    private var position = 0

    /// Reads a page.
    public init(_ page: String) {
        source = Array(page.unicodeScalars)
        while position < source.count {
            if source[position] == "<" { tag() } else { position += 1 }
        }
        for name in open { faults.append("<\(name)> is not closed") }
        for id in references where !ids.contains(id) { faults.append("nothing has the id \(id)") }
    }

    private mutating func tag() {
        position += 1
        if matches("!doctype") { return skip(past: ">") }
        let isEnd = matches("/")
        let name = word()
        guard !name.isEmpty else {
            faults.append("a bare < at \(position)")
            return
        }
        if isEnd {
            if open.last == name {
                open.removeLast()
            } else {
                faults.append("</\(name)> closes <\(open.last ?? "nothing")>")
            }
            return skip(past: ">")
        }
        elements[name, default: 0] += 1
        let isClosed = readAttributes(of: name)
        if isClosed || Self.void.contains(name) { return }
        open.append(name)
        if Self.raw.contains(name) {
            while position < source.count, !at("</\(name)") { position += 1 }
        }
    }

    /// - Returns: whether the element closes itself.
    private mutating func readAttributes(of element: String) -> Bool {
        while position < source.count {
            while position < source.count, source[position].properties.isWhitespace {
                position += 1
            }
            if matches("/>") { return true }
            if matches(">") { return false }
            let name = word()
            guard !name.isEmpty else {
                faults.append("<\(element)> has a stray character at \(position)")
                position += 1
                continue
            }
            attributes[name, default: 0] += 1
            guard matches("=") else { continue }
            guard matches("\"") else {
                faults.append("<\(element) \(name)> is not quoted")
                continue
            }
            let start = position
            while position < source.count, source[position] != "\"" { position += 1 }
            var value = String.UnicodeScalarView()
            value.append(contentsOf: source[start..<position])
            position += 1
            note(name, String(value))
        }
        return false
    }

    private mutating func note(_ name: String, _ value: String) {
        switch name {
        case "id":
            if !ids.insert(value).inserted { faults.append("the id \(value) is there twice") }
        case "aria-labelledby": references += value.split(separator: " ").map(String.init)
        case "href": references.append(String(value.dropFirst()))
        default: break
        }
    }

    private mutating func word() -> String {
        let start = position
        while position < source.count,
            source[position].properties.isAlphabetic || source[position] == "-"
                || (source[position].value >= 48 && source[position].value <= 57)
        {
            position += 1
        }
        var word = String.UnicodeScalarView()
        word.append(contentsOf: source[start..<position])
        return String(word)
    }

    private func at(_ text: String) -> Bool {
        source[position...].starts(with: text.unicodeScalars)
    }

    private mutating func matches(_ text: String) -> Bool {
        guard at(text) else { return false }
        position += text.unicodeScalars.count
        return true
    }

    private mutating func skip(past end: Unicode.Scalar) {
        while position < source.count, source[position] != end { position += 1 }
        position += 1
    }
}
