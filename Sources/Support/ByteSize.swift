/// Numbers of bytes as people write them: `10GB`, `500 MB`, `1.5T`; powers of 1,000.
public struct ByteSize: Sendable, Hashable, CustomStringConvertible {
    public let bytes: Int

    private static let units = ["B": 1.0, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12]

    public init(_ bytes: Int) { self.bytes = bytes }

    /// Reads a size; `nil` where the text is none.
    public init?(_ text: String) {
        var number = text.uppercased().filter { $0 != " " }
        if number.hasSuffix("IB") { return nil }
        if number.count > 1, number.hasSuffix("B") { number.removeLast() }
        var factor = 1.0
        if let last = number.last, let unit = Self.units[String(last)] {
            factor = unit
            number.removeLast()
        }
        guard let value = Double(number), value >= 0, value * factor < 9e18 else { return nil }
        bytes = Int(value * factor)
    }

    public var description: String {
        let value = Double(bytes)
        for (unit, size) in [("TB", 1e12), ("GB", 1e9)] where value >= size {
            return "\((value / size * 10).rounded() / 10) \(unit)"
        }
        return value >= 1e6
            ? "\(Int((value / 1e6).rounded())) MB" : "\(Int((value / 1e3).rounded(.up))) kB"
    }
}
