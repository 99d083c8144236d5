import Foundation
import Graphs
import Heads
import Metrics
import Mutations
import RunStore
import Scoring
import Search
import Support
import Training

/// Valid genotypes, candidate lists and run stores.
enum SearchSeeds {
    static let spaces = [
        SearchSpace(
            context: HeadContext(inputWidth: 16, classes: 3, segments: 1, layers: [1, 2])),
        SearchSpace(
            context: HeadContext(inputWidth: 384, classes: 2, segments: 2, layers: [9, 10, 11, 12])),
        SearchSpace(context: HeadContext(inputWidth: 1, classes: 100, segments: 1)),
    ]
    static let identity = RunIdentity(
        program: "1", kernels: "k", task: "toy", data: "d", encoder: "e", seed: 7,
        choices: ["candidates": "40", "training.epochs": "3"])
    static let key = TrainingKey(stage: "finalists", index: 0, genotype: "g")

    static func genotypes() throws -> [FileSet] {
        var generator = RandomKey(seed: 3).generator()
        return spaces.flatMap { space in
            (0..<8).map { _ in
                FileSet("genotype.txt", space.sample(using: &generator).description)
            }
        }
    }

    static func candidates() throws -> [FileSet] {
        var generator = RandomKey(seed: 4).generator()
        return [1, 5, 30].map { count in
            let lines = (1...count).map { "\($0)\t\(spaces[0].sample(using: &generator))\n" }
            return FileSet("candidates.tsv", "id\tgenotype\n" + lines.joined())
        }
    }

    static func stores() throws -> [FileSet] {
        try [2, 12].map { count in
            try TensorSeeds.written { directory in
                for name in ["run", "whole"] {
                    let run = directory.appendingPathComponent(name)
                    try FileManager.default.createDirectory(
                        at: run, withIntermediateDirectories: true)
                    let store = try RunStore(creating: run, identity: identity)
                    for candidate in sample(count) { try store.append(candidate) }
                    try store.enter(stage: "search", timings: ["features": 1.5])
                    try store.finish(key, training())
                    try store.close()
                }
            }
        }
    }

    private static func sample(_ count: Int) -> [Candidate] {
        var generator = RandomKey(seed: 1).generator()
        return (1...count).map { id in
            let genotype = spaces[0].sample(using: &generator)
            if id % 5 == 0 {
                return Candidate(id: id, genotype: genotype, outcome: .failed(reason: "no 'why'"))
            }
            let values = ["mgm": ScoreSummary(mean: 1 / Double(id), spread: -0.0)]
            return Candidate(
                id: id, genotype: genotype,
                outcome: .scored(Score(values: values, parameters: 100 + id)))
        }
    }

    /// The graph of the head that is stored.
    static func graph() throws -> Graph {
        let space = SearchSpace(context: HeadContext(inputWidth: 1, classes: 3, segments: 1))
        return space.graph(
            of: try space.genotype("projection(width=full) > pool-mean > classifier(hidden=0)"))
    }

    private static func training() throws -> StoredTraining {
        let graph = try graph()
        return .trained(
            TrainedHead(
                graph: graph, parameters: ParameterSet(graph),
                history: (1...2).map {
                    EpochRecord(
                        epoch: $0, trainingLoss: 1, devAccuracy: 0.5, devScore: 0.5,
                        devCrossEntropy: 0.25)
                },
                bestEpoch: 2,
                dev: try Predictions(
                    labels: [0, 2], probabilities: [0.5, 0.25, 0.25, 0, 0, 1], classes: 3)))
    }

    static func results() throws -> [FileSet] {
        let metrics = #"{"accuracy":0.5,"f1":0.25,"mcc":null}"#
        return [
            FileSet(
                "result.json",
                """
                {"task":"toy","encoder":"e","seed":1,"version":"1","winner":{"genotype":"g",
                "parameters":12,"dev":\(metrics),"test":\(metrics)},"cost":{"wallSeconds":1.5}}
                """)
        ]
    }
}
