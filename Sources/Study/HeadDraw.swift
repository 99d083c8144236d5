import Heads
import Support

/// Draws heads of widely varying quality: one from each of equal strata of a large random pool,
/// ordered by the number of weights.
enum HeadDraw {
    /// Random heads in the pool for each head to draw.
    private static let poolFactor = 16

    /// - Parameter limits: what heads may cost, for each of the spaces.
    /// - Returns: `count` different heads in order of size, fewer where the space has no more.
    static func stratified(
        _ spaces: SearchSpaces, count: Int, limits: [HeadLimits], key: RandomKey
    ) -> [Genotype] {
        var generator = key.child("pool").generator()
        var seen: Set<Genotype> = []
        var pool: [(genotype: Genotype, size: Int)] = []
        var attempts = 0
        while pool.count < count * poolFactor, attempts < 40 * count * poolFactor {
            attempts += 1
            let genotype = spaces.sample(using: &generator)
            guard seen.insert(genotype).inserted else { continue }
            let place = spaces.index(of: genotype)
            let graph = spaces.spaces[place].graph(of: genotype)
            guard limits[place].allow(graph) else { continue }
            pool.append((genotype, graph.trainableCount))
        }
        pool.sort { ($0.size, $0.genotype.description) < ($1.size, $1.genotype.description) }
        let wanted = min(count, pool.count)
        return (0..<wanted).map { stratum in
            let first = stratum * pool.count / wanted
            let end = (stratum + 1) * pool.count / wanted
            return pool[first + generator.index(below: end - first)].genotype
        }
    }
}
