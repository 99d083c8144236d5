import Encoders
import Export
import Foundation
import Graphs
import Heads
import Support
import TestSupport
import Testing

@Suite("What a model's answers cost")
struct CostTests {
    /// Multiply-adds of a pass of BERT or ELECTRA over sequences, from the sizes of its matrices.
    private func pass(_ encoder: Encoder, layers: Int, _ lengths: [Int]) -> Double {
        let c = encoder.configuration
        let (width, inner) = (c.hiddenSize, c.intermediateSize)
        let tokens = lengths.reduce(0, +)
        let embedding = c.modelType == "electra" ? 16 : width
        // The embeddings' layer norm and, where they are narrower, their projection.
        var total = tokens * embedding + (embedding == width ? 0 : tokens * embedding * width)
        for _ in 0..<layers {
            total += tokens * (4 * width * width + 2 * width * inner + 2 * width)
            total += lengths.reduce(0) { $0 + 2 * $1 * $1 * width }
        }
        return Double(total)
    }

    @Test("the factor is all passes and heads over the cheapest view's passes")
    func factor() throws {
        let scene = try PortfolioScene([.siamese, .joint, .siamese])
        defer { scene.remove() }
        let lengths = [[5, 7], [13], [6, 4]]
        let passes = zip(scene.encoders, lengths).map { pass($0, layers: 2, $1) }
        var heads = 0.0
        for (place, member) in scene.model.members.enumerated() {
            let view = scene.model.configuration.members[place].view
            let batch = Batch(lengths: lengths[view], segments: lengths[view].count)
            heads += Double(member.graph.multiplyAdds(batch) * member.replicas.count)
        }
        let found = try scene.model.costFactor(
            encoders: scene.encoders.map(\.configuration), lengths: lengths)
        let expected = (passes.reduce(0, +) + heads) / passes.min()!
        #expect(abs(found - expected) < 1e-9 * expected)
        #expect(found > 2)
    }

    @Test("one linear head costs little beside its encoder; a layer that is not read costs nothing")
    func single() throws {
        let directory = try TinyEncoder.temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let place = directory.appendingPathComponent("encoder")
        try TinyEncoder.write(to: place)
        let encoder = try Encoder(directory: place)
        for layer in [0, 2] {
            let space = SearchSpace(
                context: HeadContext(
                    inputWidth: TinyEncoder.width, classes: 2, segments: 1, layers: [layer]))
            let model = RandomModels.head(
                space, try space.genotype("projection(width=full) > pool-mean > classifier"),
                encoder: encoder, pairing: .siamese, hasPairs: false, key: RandomKey(seed: 1))
            let factor = try model.costFactor(
                encoders: [encoder.configuration], lengths: [[9]])
            let head = Double(
                model.members[0].graph.multiplyAdds(Batch(lengths: [9], segments: 1)))
            #expect(abs(factor - 1 - head / pass(encoder, layers: layer, [9])) < 1e-12)
        }
    }
}
