import Foundation
import Heads
import KNAS
import Mutations
import RunStore
import Search
import Support

extension Reader {
    private static let headTokens = [
        " > ", ">", "(", ")", ",", "=", ": ", "e/siamese: ", "layer(of=mix)", "layer(of=1)",
        "projection(width=full)",
        "pool-mean", "classifier", "self-attention", "feed-forward", "convolution", "alignment",
        "pair",
        "adapter", "width=64", "hidden=0", "dropout=0.1", "kind=all", "\u{301}", "\u{200D}", "\t",
        "\n",
        "id\tgenotype\n", "1\t", "-1\t", "9223372036854775807\t",
    ]

    /// Genotypes in spaces of several kinds; what is accepted becomes a graph.
    static let genotype = Reader(
        name: "genotype", seeds: SearchSeeds.genotypes, tokens: headTokens,
        read: { directory in
            let data = try Data(contentsOf: directory.appendingPathComponent("genotype.txt"))
            let text = String(decoding: data, as: UTF8.self)
            var refusal: (any DiagnosedError)?
            var isAccepted = false
            for space in SearchSeeds.spaces {
                do {
                    let genotype = try space.genotype(text)
                    guard try space.genotype(genotype.description) == genotype else {
                        throw Violation("\(genotype) is another head when it is read again")
                    }
                    _ = space.graph(of: genotype)
                    _ = space.layers(of: genotype)
                    isAccepted = true
                } catch let error as any DiagnosedError { refusal = error }
            }
            if let refusal, !isAccepted { throw refusal }
        })

    /// Lists of candidates.
    static let candidates = Reader(
        name: "candidates", seeds: SearchSeeds.candidates, tokens: headTokens,
        read: { directory in
            let space = SearchSeeds.spaces[0]
            for (id, genotype) in try CandidateList.read(
                directory.appendingPathComponent("candidates.tsv"), in: SearchSpaces(space))
            {
                guard id > 0 else { throw Violation("a candidate numbered \(id)") }
                _ = space.graph(of: genotype)
            }
        })

    /// A run's store, with or without a journal: it is summarised, resumed, and merged as a part.
    static let runStore = Reader(
        name: "run-store", seeds: SearchSeeds.stores,
        tokens: ["SQLite format 3\0", "CREATE TABLE", "candidates", "trainings", "KNAS"],
        isTarget: { $0.hasPrefix("run/") }, writes: true,
        read: { directory in
            let run = directory.appendingPathComponent("run")
            let file = run.appendingPathComponent("run.sqlite")
            // A part is read without writing; a summary or a resumption may roll a journal back.
            let whole = directory.appendingPathComponent("whole")
            var refusal: (any DiagnosedError)?
            func attempt(_ body: () throws -> Void) throws {
                do { try body() } catch let error as any DiagnosedError { refusal = error }
            }
            try attempt {
                let target = try RunStore(opening: whole, identity: SearchSeeds.identity)
                defer { try? target.close() }
                _ = try target.merge(file)
            }
            try attempt { _ = try RunStoreSummary(run) }
            try attempt {
                let store = try RunStore(opening: run, identity: SearchSeeds.identity)
                defer { try? store.close() }
                for candidate in try store.candidates(in: SearchSpaces(SearchSeeds.spaces[0])) {
                    _ = candidate.score?.parameters
                }
                _ = try store.timings()
                if let training = try store.training(SearchSeeds.key, of: SearchSeeds.graph()),
                    case .trained(let head) = training
                {
                    guard head.dev.probabilities.count == head.dev.count * head.dev.classes
                    else { throw Violation("\(head.dev.probabilities.count) probabilities") }
                }
            }
            if let refusal { throw refusal }
        })

    /// `result.json` of a run.
    static let runResult = Reader(
        name: "result", seeds: SearchSeeds.results,
        tokens: [
            "{", "}", "[", "]", "null", "\"exported\":", "\"seed\":", "1e999", "-1", "\"test\":",
        ],
        read: { _ = try RunOverview($0) })
}
