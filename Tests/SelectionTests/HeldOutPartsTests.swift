import Features
import Support
import TestSupport
import Testing

@testable import Selection

@Suite("Parts of the data that are held out")
struct HeldOutPartsTests {
    private let train: FeatureSet
    private let dev: FeatureSet

    init() throws {
        train = try SyntheticFeatures.make(examples: 40, seed: 1)
        dev = try SyntheticFeatures.make(examples: 12, seed: 2)
    }

    private func values(_ features: FeatureSet, _ example: Int) throws -> [Float] {
        let batch = try features.batch([example]).batch
        return Array(
            UnsafeBufferPointer(
                start: batch.inputs[0], count: features.length(example) * features.width))
    }

    @Test("sets are appended: every example keeps its label, length and values")
    func appending() throws {
        let all = train.appending(dev)
        #expect(all.count == 52 && all.labels == train.labels + dev.labels)
        for (place, (set, example)) in [
            (0, (train, 0)), (39, (train, 39)), (40, (dev, 0)), (51, (dev, 11)),
        ] {
            #expect(all.length(place) == set.length(example))
            #expect(try values(all, place) == values(set, example))
        }
        // A batch may take from both, in any order.
        let some = all.subset([45, 3, 50])
        #expect(some.labels == [dev.labels[5], train.labels[3], dev.labels[10]])
        #expect(try values(some, 1) == values(train, 3))
        #expect(try values(some.appending(train), 4) == values(train, 1))
    }

    @Test("what is not held out is trained on, dev too, and no row is on both sides")
    func sides() throws {
        let parts = HeldOutParts(
            train: train, dev: dev, trainsOnDev: true, key: RandomKey(seed: 3))
        #expect(parts.count == 5 && parts.everything == 5)
        #expect(parts[0].train.count == 40 && parts[0].dev.count == 12)
        for part in 1..<5 {
            let (inside, outside) = (parts[part].dev, parts[part].train)
            #expect(inside.count + outside.count == 52)
            #expect(
                try (0..<12).allSatisfy {
                    try values(outside, outside.count - 12 + $0) == values(dev, $0)
                })
            let held = try (0..<inside.count).map { try values(inside, $0) }
            #expect(try (0..<outside.count).allSatisfy { try !held.contains(values(outside, $0)) })
        }
        #expect((1..<5).reduce(0) { $0 + parts[$1].dev.count } == 40)
        #expect(parts[parts.everything].train.labels == train.labels + dev.labels)
    }

    @Test("a study trains on train alone")
    func withoutDev() {
        let parts = HeldOutParts(train: train, dev: dev, key: RandomKey(seed: 3))
        #expect(parts[2].train.count + parts[2].dev.count == 40)
        #expect(parts[parts.everything].train.count == 40)
    }
}
