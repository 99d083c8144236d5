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
            context: HeadContext(
                inputWidth: 384, classes: 2, segments: 2, layers: [9, 10, 11, 12], view: "e/siamese"
            )),
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
        let metrics = """
            {"accuracy":0.5,"balancedAccuracy":0.5,"brier":0.2,"calibrationError":0.1,"count":4,
            "crossEntropy":0.6,"f1":0.5,"macroF1":0.5,"mcc":0}
            """
        return [
            FileSet(
                "result.json",
                """
                {"controls":{"linear":{"dev":\(metrics),
                "exportedMinusThis":{"difference":-0.01,"interval":{"level":0.95,
                "lower":-0.06,"upper":0.05},"onlyFirst":11,"onlySecond":12,"pValue":1.0},
                "genotype":"g","heldOut":\(metrics),"recipe":{"kind":"exact",
                "strength":0.0},"test":\(metrics)}},"cost":{"cpuSeconds":1,
                "peakMemoryBytes":1,"stages":{"search":1},"wallSeconds":1},
                "encoders":[{"digest":"d","layers":[9],"name":"e","pairing":"joint"}],
                "entries":[{"dev":\(metrics),"encoder":"e","genotype":"g",
                "heldOut":\(metrics),"history":[{"devAccuracy":0.58,"devCrossEntropy":1.27,
                "devScore":0.58,"epoch":1,"trainingLoss":1.89}],"parameters":282504,
                "parts":5,"recipe":{"kind":"adamW","training":{"balancesClasses":false,
                "batchSize":32,"clipNorm":1,"criterion":{"metric":"accuracy"},
                "epochChoice":"automatic","epochs":4,"labelSmoothing":0,"learningRate":0.0,
                "patience":4,"warmUp":0.1,"weightDecay":1}},"role":"searched",
                "scores":{"mgm":1}}],"exported":{"confusion":[[1,1],[0,2]],"dev":\(metrics),
                "heldOut":\(metrics),"members":[{"encoder":"e","genotype":"g","layers":[11],
                "pairing":"joint","seeds":1,"weight":1}],"modelTest":\(metrics),
                "parameters":3080,"perSeed":[{"bestEpoch":1,"dev":\(metrics),
                "history":[{"devAccuracy":0.83,"devCrossEntropy":1.33,"devScore":0.83,
                "epoch":1,"trainingLoss":1.23}],"seed":0,"test":\(metrics)}],
                "recipe":{"kind":"exact","strength":0.0},"role":"best-linear",
                "test":\(metrics)},"format":2,"kernels":"k","labels":["a","b"],
                "metrics":["accuracy"],"pareto":[{"genotype":"g","heldOutAccuracy":0.54,
                "parameters":53772}],"rows":{"dev":64,"test":160,"train":360},
                "search":{"candidates":40,"failed":0,"proxy":"mgm","scored":40,
                "scoringSeconds":5.14,"spaceSize":111716459712000,"strategy":"random"},
                "seed":9,"task":"toy","version":"1"}
                """)
        ]
    }
}
