import Heads
import Support

/// A population of the youngest heads; the best of a random sample of it is mutated (Real et al.,
/// AAAI 2019, Algorithm 1). The oldest are removed, however good they are.
struct RegularizedEvolution: SearchStrategy {
    let name = "evolution"
    let summary =
        "regularized evolution: mutate the best of a sample of the youngest (Real et al. 2019)"

    private let populationSize = 64
    private let sampleSize = 16

    func propose(
        in spaces: SearchSpaces, history: [(genotype: Genotype, fitness: Double)], drawn: Int,
        using generator: inout RandomGenerator
    ) -> Genotype? {
        guard history.count >= populationSize else { return spaces.sample(using: &generator) }
        let population = history.suffix(populationSize)
        var parent: (genotype: Genotype, fitness: Double)?
        for _ in 0..<sampleSize {
            let place = population.startIndex + generator.index(below: populationSize)
            let other = population[place]
            if parent == nil || other.fitness > parent!.fitness { parent = other }
        }
        return spaces.mutate(parent!.genotype, using: &generator)
    }
}
