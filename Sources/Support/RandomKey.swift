/// A key for random numbers, derived by label.
///
/// A stage never shares a stream of random numbers with another stage: it derives a child key by a
/// label, so a new stage, or a new draw inside one, never shifts the numbers of an old one (the
/// idea of JAX's splittable keys, JEP 263). Keys are values; the same path of labels from the same
/// seed gives the same numbers on every machine, whatever the number of threads.
///
///     let key = RandomKey(seed: 1)
///     var generator = key.child("training").child(3).generator()
public struct RandomKey: Hashable, Sendable, CustomStringConvertible {
    private let high: UInt64
    private let low: UInt64

    /// The root key of a seed.
    public init(seed: UInt64) {
        high = RandomKey.mix(seed &+ 0x9e37_79b9_7f4a_7c15)
        low = RandomKey.mix(seed ^ 0xd1b5_4a32_d192_ed03)
    }

    private init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// The key of a named part of the work.
    public func child(_ label: String) -> RandomKey {
        absorb(label.utf8.lazy.map(UInt64.init), tag: 1)
    }

    /// The key of one of many equal parts of the work.
    public func child(_ index: Int) -> RandomKey {
        absorb(CollectionOfOne(UInt64(bitPattern: Int64(index))), tag: 2)
    }

    /// A generator whose numbers depend on nothing but this key.
    public func generator() -> RandomGenerator {
        RandomGenerator(high, low)
    }

    public var description: String {
        String(high, radix: 16) + "-" + String(low, radix: 16)
    }

    /// Absorbs words one after another; the tag and the count distinguish a label from an index.
    private func absorb(_ words: some Sequence<UInt64>, tag: UInt64) -> RandomKey {
        var a = high ^ tag
        var b = low
        var count: UInt64 = 0
        for word in words {
            a = RandomKey.mix(a ^ word &* 0xff51_afd7_ed55_8ccd)
            b = RandomKey.mix(b &+ a)
            count += 1
        }
        a = RandomKey.mix(a ^ count &* 0x9e37_79b9_7f4a_7c15)
        b = RandomKey.mix(b &+ a &+ tag)
        return RandomKey(high: a, low: b)
    }

    /// The finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014), a bijection of 64 bits.
    static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

/// The generator xoshiro256** (Blackman and Vigna, ACM TOMS 2021).
public struct RandomGenerator: RandomNumberGenerator, Sendable {
    private var s0: UInt64
    private var s1: UInt64
    private var s2: UInt64
    private var s3: UInt64

    init(_ high: UInt64, _ low: UInt64) {
        s0 = RandomKey.mix(high &+ 0x9e37_79b9_7f4a_7c15)
        s1 = RandomKey.mix(low &+ 0x3c6e_f372_fe94_f82b)
        s2 = RandomKey.mix(high ^ 0xdaa6_6d2c_7ddf_743f)
        // The state must not be all zero; an odd last word ensures that.
        s3 = RandomKey.mix(low ^ 0x78dd_e6e4_29b7_a05d) | 1
    }

    public mutating func next() -> UInt64 {
        let product = s1 &* 5
        let result = (product << 7 | product >> 57) &* 9
        let t = s1 << 17
        s2 ^= s0
        s3 ^= s1
        s1 ^= s2
        s0 ^= s3
        s2 ^= t
        s3 = s3 << 45 | s3 >> 19
        return result
    }

    /// A float in `[0, 1)` with 24 random bits.
    public mutating func uniform() -> Float {
        Float(next() >> 40) * 0x1p-24
    }

    /// A float in `[-bound, bound)`.
    public mutating func uniform(bound: Float) -> Float {
        (uniform() * 2 - 1) * bound
    }

    /// An index below `count`, unbiased (Lemire's method in the standard library).
    /// - Precondition: `count` is positive.
    public mutating func index(below count: Int) -> Int {
        Int.random(in: 0..<count, using: &self)
    }
}
