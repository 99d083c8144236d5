import Support

/// Damages bytes as files get damaged, and as an attacker would.
///
/// Everything is determined by the generator: the same numbers give the same bytes.
public struct Mutator: Sendable {
    /// Words of the format to insert, e.g. keys and brackets.
    public var tokens: [[UInt8]]
    /// Larger results are truncated.
    public var maximumBytes: Int

    public init(tokens: [String] = [], maximumBytes: Int = 1 << 20) {
        self.tokens = tokens.map { Array($0.utf8) }
        self.maximumBytes = maximumBytes
    }

    /// One way to damage bytes.
    enum Step: Int, CaseIterable {
        case flipBit, setByte, swapBytes, truncate, insertBytes, deleteSpan, duplicateSpan
        case moveSpan, splice, integer, number, token, replaceByToken, nest, repeatToken
    }

    /// Bytes with one to eight kinds of damage, usually few.
    /// - Parameter others: where spliced parts come from.
    public func mutate(
        _ bytes: [UInt8], splicing others: [[UInt8]] = [], using generator: inout RandomGenerator
    ) -> [UInt8] {
        var bytes = bytes
        let rounds = [1, 1, 1, 1, 2, 2, 3, 8][generator.index(below: 8)]
        for _ in 0..<rounds {
            let step = Step.allCases[generator.index(below: Step.allCases.count)]
            apply(step, to: &bytes, others, &generator)
            if bytes.count > maximumBytes { bytes.removeSubrange(maximumBytes...) }
        }
        return bytes
    }

    private func apply(
        _ step: Step, to bytes: inout [UInt8], _ others: [[UInt8]],
        _ generator: inout RandomGenerator
    ) {
        guard !bytes.isEmpty else {
            bytes = Self.randomBytes(&generator, atMost: 16)
            return
        }
        let place = generator.index(below: bytes.count)
        switch step {
        case .flipBit: bytes[place] ^= 1 << UInt8(generator.index(below: 8))
        case .setByte: bytes[place] = Self.byte(&generator)
        case .swapBytes: bytes.swapAt(place, generator.index(below: bytes.count))
        case .truncate:
            if generator.index(below: 4) == 0 {
                bytes.removeFirst(min(place, 64))
            } else {
                bytes.removeSubrange(place...)
            }
        case .insertBytes:
            bytes.insert(contentsOf: Self.randomBytes(&generator, atMost: 16), at: place)
        case .deleteSpan: bytes.removeSubrange(Self.span(from: place, in: bytes, &generator))
        case .duplicateSpan: duplicate(from: place, &bytes, &generator)
        case .moveSpan:
            let span = Array(bytes[Self.span(from: place, in: bytes, &generator)])
            bytes.insert(contentsOf: span, at: generator.index(below: bytes.count))
        case .splice:
            guard !others.isEmpty else { return }
            let other = others[generator.index(below: others.count)]
            guard !other.isEmpty else { return }
            let cut = generator.index(below: other.count)
            if generator.index(below: 2) == 0 {
                bytes = Array(bytes[..<place]) + other[cut...]
            } else {
                let span = Self.span(from: cut, in: other, &generator)
                bytes.insert(contentsOf: other[span], at: place)
            }
        case .integer: Hostile.editInteger(in: &bytes, at: place, &generator)
        case .number: Hostile.editNumber(in: &bytes, near: place, &generator)
        case .token:
            guard let token = token(&generator) else { return }
            bytes.insert(contentsOf: token, at: place)
        case .replaceByToken:
            guard let token = token(&generator) else { return }
            bytes.replaceSubrange(
                place..<min(bytes.count, place + token.count), with: token)
        case .nest: Hostile.nest(&bytes, at: place, &generator)
        case .repeatToken:
            guard let token = token(&generator) else { return }
            let count = Self.repeats(&generator)
            bytes.insert(
                contentsOf: Array(repeating: token, count: count / max(1, token.count) + 1)
                    .joined(), at: place)
        }
    }

    /// A word of the format, or of another one that this program reads.
    private func token(_ generator: inout RandomGenerator) -> [UInt8]? {
        tokens.isEmpty ? nil : tokens[generator.index(below: tokens.count)]
    }

    private func duplicate(
        from place: Int, _ bytes: inout [UInt8], _ generator: inout RandomGenerator
    ) {
        let span = Array(bytes[Self.span(from: place, in: bytes, &generator)])
        let many = generator.index(below: 16) == 0
        let count = many ? Self.repeats(&generator) / max(1, span.count) + 1 : 1
        bytes.insert(
            contentsOf: Array(repeating: span, count: count).joined(), at: place)
    }

    // MARK: Draws

    /// Size of a repetition in bytes: mostly thousands, rarely the largest allowed.
    private static func repeats(_ generator: inout RandomGenerator) -> Int {
        switch generator.index(below: 64) {
        case 0: 1 << 20
        case 1...7: 1 << 16
        default: 1 << (2 + generator.index(below: 11))
        }
    }

    private static func span(
        from place: Int, in bytes: [UInt8], _ generator: inout RandomGenerator
    ) -> Range<Int> {
        let longest = generator.index(below: 3) == 0 ? bytes.count : 16
        let count = 1 + generator.index(below: longest)
        return place..<min(bytes.count, place + count)
    }

    private static func byte(_ generator: inout RandomGenerator) -> UInt8 {
        let telling: [UInt8] = [0, 1, 0x7f, 0x80, 0xff, 0x20, 0x0a, 0x0d, 0x22, 0x27, 0x5c, 0xc0]
        let place = generator.index(below: 2 * telling.count)
        return place < telling.count ? telling[place] : UInt8(truncatingIfNeeded: generator.next())
    }

    private static func randomBytes(
        _ generator: inout RandomGenerator, atMost limit: Int
    ) -> [UInt8] {
        (0...generator.index(below: limit)).map { _ in byte(&generator) }
    }
}
