/// What every text and label must be, wherever the row comes from: a file of a split in any format,
/// or what is to be classified.
public enum RowRules {
    /// What is wrong with a text, `nil` when nothing is.
    ///
    /// Texts have something to read in them, and no NUL, which tokenizers drop or take for the end.
    public static func fault(ofText text: String) -> BadRow.Reason? {
        fault(of: text, empty: .emptyText)
    }

    /// What is wrong with a label, `nil` when nothing is.
    package static func fault(ofLabel label: String) -> BadRow.Reason? {
        fault(of: label, empty: .emptyLabel)
    }

    private static func fault(of text: String, empty: BadRow.Reason) -> BadRow.Reason? {
        if text.utf8.contains(0) { return .nulCharacter(line: nil, byte: nil) }
        return text.isBlank ? empty : nil
    }

    /// A text without ASCII white space at its ends.
    public static func trimmed(_ text: String) -> String {
        var text = text
        return text.withUTF8 { buffer in
            let bytes = UnsafeRawBufferPointer(buffer)
            return Bytes.text(Bytes.trim(0..<bytes.count, in: bytes), in: bytes)
        }
    }
}
