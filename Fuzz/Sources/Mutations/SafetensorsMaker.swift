import Support

/// Safetensors files whose lengths agree often enough to get past the first check.
public enum SafetensorsMaker {
    private static let types = [
        "F32", "F16", "BF16", "F64", "I64", "I32", "U8", "BOOL", "F4", "F8_E4M3", "C64", "U64", "X",
    ]
    private static let sizes = [32, 16, 16, 64, 64, 32, 8, 8, 4, 8, 64, 64, 8]
    private static let names = [
        "a", "b", "é", "e\\u0301", "\\u00e9", "", "__metadata__", "a\\u0000", "layer.0.weight",
    ]

    /// A file of up to six tensors with at most one or two lies about it.
    public static func make(using generator: inout RandomGenerator) -> [UInt8] {
        var entries: [String] = []
        var position: UInt64 = 0
        for index in 0..<generator.index(below: 6) {
            let type = generator.index(below: types.count)
            var shape: [Int64] = []
            var bits = UInt64(sizes[type])
            for _ in 0..<generator.index(below: 4) {
                let dimension =
                    generator.index(below: 12) == 0
                    ? Hostile.integers[generator.index(below: Hostile.integers.count)]
                    : Int64(generator.index(below: 5))
                shape.append(dimension)
                // Wraps as a careless reader's sum would.
                bits = bits &* UInt64(bitPattern: dimension)
            }
            let end = position &+ bits / 8
            var offsets = [position, end]
            if generator.index(below: 16) == 0 {
                offsets[generator.index(below: 2)] = UInt64(
                    bitPattern: Hostile.integers[generator.index(below: Hostile.integers.count)])
            }
            let name =
                generator.index(below: 3) == 0
                ? names[generator.index(below: names.count)] : "tensor\(index)"
            entries.append(
                "\"\(name)\":{\"dtype\":\"\(types[type])\",\"shape\":\(shape),"
                    + "\"data_offsets\":\(offsets)}")
            position = end
        }
        if generator.index(below: 3) == 0 {
            entries.append("\"__metadata__\":{\"format\":\"pt\"}")
        }
        let header = Array(("{" + entries.joined(separator: ",") + "}").utf8)
        let payload = (0..<Int(min(position, 4_096))).map { _ in
            UInt8(truncatingIfNeeded: generator.next())
        }
        return length(header.count) + header + payload
    }

    /// Makes the length at the beginning fit the header again, which ends with the last brace.
    public static func repair(_ bytes: inout [UInt8]) {
        guard bytes.count > 8, var end = bytes.lastIndex(of: UInt8(ascii: "}")) else { return }
        while end + 1 < bytes.count, bytes[end + 1] == 0x20 { end += 1 }
        guard end >= 8 else { return }
        bytes.replaceSubrange(0..<8, with: length(end - 7))
    }

    private static func length(_ count: Int) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) }
    }
}
