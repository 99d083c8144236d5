import Support

/// Random numbers of a seed, for property tests.
struct SeededGenerator: RandomNumberGenerator {
    private var base: RandomGenerator

    init(seed: Int) { base = RandomKey(seed: 0).child("tests").child(seed).generator() }

    mutating func next() -> UInt64 { base.next() }
}
