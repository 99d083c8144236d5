import Foundation

/// What a single cell looks like.
struct CellShape {
    private(set) var words = 0
    private(set) var characters = 0
    let isNumber: Bool
    let isDate: Bool
    /// A word with a digit in it, or an address.
    let isCode: Bool

    private static let dateWords: Set<String> = [
        "mon", "tue", "wed", "thu", "fri", "sat", "sun", "jan", "feb", "mar", "apr", "may", "jun",
        "jul", "aug", "sep", "oct", "nov", "dec", "am", "pm", "utc", "gmt", "pdt", "pst", "edt",
        "est", "cet", "cest", "january", "february", "march", "april", "june", "july", "august",
        "september", "october", "november", "december", "monday", "tuesday", "wednesday",
        "thursday", "friday", "saturday", "sunday",
    ]

    init(_ text: String) {
        var digits = 0
        var isNumeric = true
        var isInWord = false
        for byte in text.utf8 {
            if Bytes.isSpace(byte) {
                isInWord = false
            } else {
                if !isInWord { words += 1 }
                isInWord = true
            }
            if byte & 0xc0 != 0x80 { characters += 1 }
            let isDigit = (0x30...0x39).contains(byte)
            if isDigit { digits += 1 }
            if !isDigit, !"+-.,eE%".utf8.contains(byte) { isNumeric = false }
        }
        isNumber = isNumeric && digits > 0 && Self.isNumber(text)
        isCode =
            words == 1 && !isNumber
            && (digits > 0 || text.contains("://")
                || text.contains("@") && text.dropFirst().contains("."))
        isDate = digits >= 3 && characters <= 40 && !isNumber && Self.isDate(text)
    }

    /// With a decimal comma, too, or a percent sign.
    private static func isNumber(_ text: String) -> Bool {
        let plain = text.hasSuffix("%") ? String(text.dropLast()) : text
        return Double(plain.replacingOccurrences(of: ",", with: ".")) != nil
    }

    private static func isDate(_ text: String) -> Bool {
        let parts = text.split { $0.isWhitespace || $0 == "," }
        var hasMark = false
        for part in parts {
            let word = part.lowercased()
            if dateWords.contains(word) {
                hasMark = true
                continue
            }
            guard word.utf8.contains(where: { (0x30...0x39).contains($0) }),
                word.utf8.allSatisfy({ (0x30...0x39).contains($0) || "-/:.+tz".utf8.contains($0) })
            else { return false }
            if word.utf8.count(where: { "-/:".utf8.contains($0) }) >= 1 { hasMark = true }
        }
        return hasMark
    }
}
