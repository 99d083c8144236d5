import Heads
import Support

/// Every proposal is a new draw from the space: the baseline that strategies have to beat (Li and
/// Talwalkar, UAI 2019).
struct RandomSearch: SearchStrategy {
    let name = "random"
    let summary = "independent draws from the space"
    let usesScores = false

    func propose(
        in spaces: SearchSpaces, history: [(genotype: Genotype, fitness: Double)], drawn: Int,
        using generator: inout RandomGenerator
    ) -> Genotype? {
        spaces.sample(using: &generator)
    }
}
