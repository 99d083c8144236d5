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

    @Test("rows of a group are in one fold, folds are as large, and classes are spread evenly")
    func groups() {
        var generator = RandomKey(seed: 8).generator()
        let together = (0..<400).map { _ in generator.index(below: 250) }
        let labels = (0..<400).map { Int32($0 % 4 == 0 ? 1 : 0) }
        let folds = HeldOutParts.folds(
            labels, count: 4, together: together, key: RandomKey(seed: 3))
        for group in Set(together) {
            #expect(
                Set(together.indices.filter { together[$0] == group }.map { folds[$0] }).count == 1)
        }
        for fold in 0..<4 {
            let members = folds.indices.filter { folds[$0] == fold }
            #expect(abs(members.count - 100) <= 3)
            #expect(abs(members.count { labels[$0] == 1 } - 25) <= 2)
        }
        // Groups of one row each are no groups.
        let alone = HeldOutParts.folds(labels, count: 4, key: RandomKey(seed: 3))
        #expect(
            HeldOutParts.folds(
                labels, count: 4, together: Array(0..<400), key: RandomKey(seed: 3)) == alone)
    }

    @Test("a row of dev is not trained on where a fold with its text is held out")
    func related() throws {
        // The first row of dev shares a text with the first of train.
        let together = Array(0..<40) + [0] + Array(41..<52)
        let parts = HeldOutParts(
            train: train, dev: dev, trainsOnDev: true, together: together, key: RandomKey(seed: 3))
        let first = try values(train, 0)
        let own = try (1..<5).filter { part in
            let held = parts[part].dev
            return try (0..<held.count).contains { try values(held, $0) == first }
        }
        #expect(own.count == 1)
        // The groups of the rows that are held out, in their order.
        let held = parts.groups(ofFirst: 5)
        #expect(held.count == 52 && held[0] == 0 && Set(held).count == 51)
        #expect(parts.groups(ofFirst: 1) == Array(together.suffix(12)))
        for part in 1..<5 {
            let (outside, inside) = (parts[part].train, parts[part].dev)
            #expect(outside.count + inside.count == (part == own[0] ? 51 : 52))
            let related = try values(dev, 0)
            #expect(
                try (0..<outside.count).contains { try values(outside, $0) == related }
                    == (part != own[0]))
        }
    }

    @Test(
        "of two or three rows a class, every row is held out once while others of its class are learnt from"
    )
    func fewRows() throws {
        for (each, classes) in [(1, 2), (1, 5), (2, 3)] {
            let labels = (0..<each * classes).map { Int32($0 % classes) }
            let train = try SyntheticFeatures.make(examples: labels.count, seed: 4)
                .relabelled(labels)
            let dev = try SyntheticFeatures.make(examples: classes, seed: 5)
                .relabelled((0..<classes).map(Int32.init))
            let parts = HeldOutParts(
                train: train, dev: dev, trainsOnDev: true, key: RandomKey(seed: 6))
            #expect(parts.count == 1 + each)
            var held = 0
            for part in 0..<parts.count {
                let (inside, outside) = (parts[part].dev, parts[part].train)
                #expect(Set(outside.labels).count == classes)
                #expect(part == 0 || inside.count + outside.count == train.count + dev.count)
                held += inside.count
            }
            #expect(held == train.count + dev.count)
        }
    }
}
