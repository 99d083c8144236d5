/// Writing comma-separated values (RFC 4180, section 2, with the line ends of Unix).
public enum CSV {
    /// Rows, each with its line end; fields are quoted where they need it.
    public static func text(_ rows: some Sequence<[String]>) -> String {
        rows.map(row).joined()
    }

    /// A row with its line end; fields are quoted where they need it.
    public static func row(_ fields: [String]) -> String {
        fields.map(quoted).joined(separator: ",") + "\n"
    }

    /// Works on bytes, as characters can join a quote with what follows it.
    private static func quoted(_ field: String) -> String {
        guard field.utf8.contains(where: { ",\"\r\n".utf8.contains($0) }) else { return field }
        let quote = UInt8(ascii: "\"")
        var bytes = [quote]
        for byte in field.utf8 {
            if byte == quote { bytes.append(quote) }
            bytes.append(byte)
        }
        bytes.append(quote)
        return String(decoding: bytes, as: UTF8.self)
    }
}
