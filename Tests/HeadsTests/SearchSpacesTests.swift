import Heads
import Support
import Testing

@Suite("The spaces of several views")
struct SearchSpacesTests {
    private static func space(
        _ view: String?, width: Int = 16, segments: Int = 1, layers: [Int] = [1, 2]
    ) -> SearchSpace {
        SearchSpace(
            context: HeadContext(
                inputWidth: width, classes: 3, segments: segments, layers: layers, view: view))
    }

    private static let three = SearchSpaces([
        space("small/siamese", segments: 2), space("small/joint"),
        space("large/joint", width: 384, layers: [9, 12]),
    ])

    @Test("a head's text begins with its view, and is read back as the same head")
    func roundTrip() throws {
        var generator = RandomKey(seed: 3).generator()
        for _ in 0..<300 {
            let genotype = Self.three.sample(using: &generator)
            let view = try #require(genotype.view)
            #expect(genotype.description.hasPrefix("\(view): layer("))
            #expect(try Self.three.genotype(genotype.description) == genotype)
            #expect(Self.three[genotype].context.view == view)
        }
    }

    @Test("without a view's name a head is as it always was, drawn with the same numbers")
    func single() throws {
        let spaces = SearchSpaces(Self.space(nil))
        var one = RandomKey(seed: 4).generator()
        var other = RandomKey(seed: 4).generator()
        for _ in 0..<50 {
            let genotype = spaces.sample(using: &one)
            #expect(genotype == spaces.spaces[0].sample(using: &other))
            #expect(genotype.view == nil && genotype.description.hasPrefix("layer("))
            #expect(try spaces.genotype(genotype.description) == genotype)
        }
        // One space takes texts without the name that it has.
        let named = SearchSpaces(Self.space("a"))
        let text = "layer(of=1) > pool-mean > classifier"
        let full = "projection(width=full) > pool-mean > classifier"
        #expect(throws: GenotypeError.self) { try named.genotype(text) }
        #expect(try named.genotype(full) == named.genotype(" a : \(full)"))
        #expect(try named.genotype(full).view == "a")
    }

    @Test("the same operations in two views are two heads")
    func identity() throws {
        let joint = try Self.three.genotype(
            "small/joint: projection(width=full) > pool-mean > classifier")
        let other = joint.inView(nil)
        #expect(joint != other && joint.genes == other.genes)
        #expect(joint.description == "small/joint: \(other)")
        #expect(Set([joint, other, other.inView("small/joint")]).count == 2)
    }

    @Test("an unknown or a missing view is an error that lists the views")
    func errors() throws {
        let text = "projection(width=full) > pool-mean > classifier"
        let missing = #expect(throws: GenotypeError.self) { try Self.three.genotype(text) }
        #expect(missing == .missingView(known: Self.three.names))
        #expect(missing?.description.contains("'large/joint:'") == true)
        let unknown = #expect(throws: GenotypeError.self) {
            try Self.three.genotype("small/jiont: \(text)")
        }
        #expect(unknown?.description.contains("did you mean 'small/joint'") == true)
        let single = #expect(throws: GenotypeError.self) {
            try SearchSpaces(Self.space(nil)).genotype("small/joint: \(text)")
        }
        #expect(single == .unknownView(name: "small/joint", known: []))
        let long = #expect(throws: GenotypeError.self) {
            try Self.three.genotype(String(repeating: "x", count: 1 << 20) + ": \(text)")
        }
        #expect((long?.description.count ?? 0) < 500)
        // Columns are those of the whole text.
        let syntax = #expect(throws: GenotypeError.self) {
            try Self.three.genotype("small/joint: > pool-mean")
        }
        #expect(syntax?.description.contains("column 14 ") == true)
    }

    @Test("draws come from all views alike, neighbours from their own")
    func drawing() {
        var generator = RandomKey(seed: 5).generator()
        var counts = [0, 0, 0]
        for _ in 0..<600 {
            let genotype = Self.three.sample(using: &generator)
            counts[Self.three.index(of: genotype)] += 1
            let neighbour = Self.three.mutate(genotype, using: &generator)
            #expect(neighbour.view == genotype.view && neighbour != genotype)
            let layers = Self.three.layers(of: genotype)
            #expect(Set(layers).isSubset(of: Self.three[genotype].context.layers))
        }
        #expect(counts.allSatisfy { (150...250).contains($0) }, "\(counts)")
    }

    @Test("a space for other layers has the same heads otherwise")
    func otherLayers() throws {
        let space = try SearchSpace(
            context: HeadContext(
                inputWidth: 16, classes: 3, segments: 1, layers: [1], view: "a"),
            maximumBlocks: 1, operations: ["layer", "projection", "pool-mean", "classifier"])
        let wider = space.reading(layers: [1, 2, 3])
        #expect(wider.context.layers == [1, 2, 3] && wider.context.view == "a")
        #expect(wider.maximumBlocks == 0 && wider.count > space.count)
        #expect(wider.reading(layers: [1]).count == space.count)
    }

    @Test("limits are those of the head's own view")
    func limits() throws {
        let head = "projection(width=full) > pool-mean > classifier"
        let limits = [
            HeadLimits(parameters: 0), HeadLimits(), HeadLimits(multiplyAdds: 1, lengths: [9]),
        ]
        func allows(_ view: String, _ limits: [HeadLimits]) throws -> Bool {
            Self.three.allow(try Self.three.genotype("\(view): \(head)"), limits: limits)
        }
        #expect(try allows("small/joint", limits) && !allows("large/joint", limits))
        #expect(try allows("large/joint", []))
    }

    @Test("the enumeration holds every head of every view once, the views in turn")
    func enumeration() throws {
        func small(_ view: String, _ layers: [Int]) throws -> SearchSpace {
            try SearchSpace(
                context: HeadContext(
                    inputWidth: 16, classes: 2, segments: 1, layers: layers, view: view),
                maximumBlocks: 0, operations: ["layer", "projection", "pool-mean", "classifier"])
        }
        let spaces = SearchSpaces([
            try small("a", [1, 2]), try small("b", [1]), try small("c", [1]),
        ])
        let enumeration = try #require(SpacesEnumeration(spaces))
        #expect(Double(enumeration.count) == spaces.count)
        let heads = (0..<enumeration.count).map { enumeration[$0] }
        #expect(Set(heads).count == heads.count)
        #expect(heads.prefix(6).map(\.view) == ["a", "b", "c", "a", "b", "c"])
        #expect(heads.last?.view == "a")
        #expect(SpacesEnumeration(Self.three) == nil)
    }
}
