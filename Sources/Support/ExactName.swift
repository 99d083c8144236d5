/// A name that equals another only when their bytes agree, unlike `String`, for which composed and
/// decomposed letters are the same.
public struct ExactName: Hashable, Sendable {
    public let text: String

    public init(_ text: String) { self.text = text }

    public static func == (left: ExactName, right: ExactName) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }

    public func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

/// A name from a file as it can be shown: in quotes, control characters escaped, not too long.
public func quoted(_ name: String) -> String {
    let limit = 200
    let short = name.unicodeScalars.count > limit
    let shown = short ? String(String.UnicodeScalarView(name.unicodeScalars.prefix(limit))) : name
    return shown.debugDescription + (short ? "..." : "")
}
