import Support

/// Edits that know what readers trust: counts, offsets, numbers in text, nesting.
public enum Hostile {
    /// Integers at which arithmetic breaks.
    public static let integers: [Int64] = [
        0, 1, -1, 2, 7, 8, 16, 127, 128, 255, 256, 1023, 32_767, 32_768, 65_535, 65_536, 1 << 20,
        1 << 24, 1 << 30, .init(Int32.max), .init(Int32.min), 1 << 31, 1 << 32, (1 << 32) - 1,
        1 << 40, 1 << 53, 1 << 61, 1 << 62, .max, .min, .max - 1, .max - 7, .max - 8,
    ]

    /// Numbers as text at which parsers or their callers break.
    static let numbers = [
        "0", "-0", "1", "-1", "1.5", "00", "2147483647", "2147483648", "-2147483648", "4294967296",
        "9007199254740993", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
        "18446744073709551615", "18446744073709551616", "1e3", "1e18", "1e19", "1e308", "1e309",
        "-1e309", "1e-400", "1E+2", "0.1e1", "NaN", "nan", "inf", "Infinity", "0x10", "1_000", "٣",
        "99999999999999999999999999999999999999", "65536", "1000000", "10000000", "100000", "512",
        "1024", "64", "3", "2", "8", "12",
    ].map { Array($0.utf8) }

    static let brackets: [(String, String)] = [
        ("[", "]"), ("{\"a\":", "}"), ("(", ")"), ("{a: ", "}"), ("- ", ""), ("? ", ""),
        ("[{\"\":", "}]"), ("\"", "\""), ("\n ", ""), ("&a [", "]"), ("> ", ""), ("\\", ""),
    ]

    /// Puts a hostile integer, or a small change of what is there, at an offset.
    static func editInteger(
        in bytes: inout [UInt8], at place: Int, _ generator: inout RandomGenerator
    ) {
        let width = min([1, 2, 4, 8][generator.index(below: 4)], bytes.count - place)
        var value: UInt64 = 0
        for index in (0..<width).reversed() {
            value = value << 8 | UInt64(bytes[place + index])
        }
        switch generator.index(below: 4) {
        case 0: value = value &+ UInt64(generator.index(below: 9)) &- 4
        case 1: value = UInt64(bytes.count) &+ UInt64(generator.index(below: 9)) &- 4
        case 2: value = value.byteSwapped
        default:
            value = UInt64(bitPattern: integers[generator.index(below: integers.count)])
        }
        for index in 0..<width {
            bytes[place + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index))
        }
    }

    /// Replaces the next decimal number after an offset.
    static func editNumber(
        in bytes: inout [UInt8], near place: Int, _ generator: inout RandomGenerator
    ) {
        func isDigit(_ index: Int) -> Bool { (0x30...0x39).contains(bytes[index]) }
        var start = place
        while start < bytes.count, !isDigit(start) { start += 1 }
        guard start < bytes.count else { return }
        while start > 0, isDigit(start - 1) { start -= 1 }
        var end = start
        while end < bytes.count, isDigit(end) { end += 1 }
        let number =
            generator.index(below: 8) == 0
            ? Array("\(integers[generator.index(below: integers.count)])".utf8)
            : numbers[generator.index(below: numbers.count)]
        bytes.replaceSubrange(start..<end, with: number)
    }

    /// Opens many brackets at an offset and usually closes as many after it.
    static func nest(
        _ bytes: inout [UInt8], at place: Int, _ generator: inout RandomGenerator
    ) {
        let (open, close) = brackets[generator.index(below: brackets.count)]
        let depth = [1, 2, 30, 64, 128, 129, 500, 513, 1_001, 5_000, 20_000][
            generator.index(below: 11)]
        let end = place + generator.index(below: bytes.count - place + 1)
        if generator.index(below: 4) > 0 {
            bytes.insert(
                contentsOf: Array(repeating: Array(close.utf8), count: depth).joined(), at: end)
        }
        bytes.insert(
            contentsOf: Array(repeating: Array(open.utf8), count: depth).joined(), at: place)
    }
}
