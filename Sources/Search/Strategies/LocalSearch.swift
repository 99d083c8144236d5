import Heads
import Support

/// Neighbours of the best heads so far, after a random start (White, Nolen and Savani, UAI 2021):
/// the simplest strategy that uses earlier scores, and hard to beat where scores are smooth.
struct LocalSearch: SearchStrategy {
    let name = "local"
    let summary = "neighbours of the best heads so far (White, Nolen and Savani 2021)"

    private let startSize = 64
    /// Heads whose neighbours are looked at; more than one, as the best may have no better
    /// neighbour.
    private let beamSize = 8

    func propose(
        in spaces: SearchSpaces, history: [(genotype: Genotype, fitness: Double)], drawn: Int,
        using generator: inout RandomGenerator
    ) -> Genotype? {
        guard history.count >= startSize else { return spaces.sample(using: &generator) }
        let best = history.indices.sorted {
            (history[$0].fitness, $1) > (history[$1].fitness, $0)
        }.prefix(beamSize)
        let parent = history[best[generator.index(below: best.count)]]
        return spaces.mutate(parent.genotype, using: &generator)
    }
}
