/// Writing commands for a POSIX shell (IEEE Std 1003.1, Shell Command Language, section 2.2).
public enum ShellWord {
    /// Words as one command line, quoted where they need it.
    public static func join(_ words: some Sequence<String>) -> String {
        words.map(quoted).joined(separator: " ")
    }

    /// A word that a shell reads as `word`, in single quotes unless every byte is plain.
    ///
    /// Works on bytes, as characters can join a quote with what follows it.
    public static func quoted(_ word: String) -> String {
        if !word.isEmpty, word.utf8.allSatisfy(isPlain) { return word }
        var bytes = Array("'".utf8)
        for byte in word.utf8 {
            bytes += byte == UInt8(ascii: "'") ? Array(#"'\''"#.utf8) : [byte]
        }
        return String(decoding: bytes, as: UTF8.self) + "'"
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        default: "-_./,=:+@%".utf8.contains(byte)
        }
    }
}
