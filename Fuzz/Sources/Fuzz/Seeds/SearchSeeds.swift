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
    static let key = TrainingKey(stage: "contestants", index: 0, genotype: "g")

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
                {"controls":{"linear":{"confusion":[[20,0],[0,20]],"costFactor":1.0,
                "exportedMinusThis":{"difference":0,"interval":{"level":0.95,"lower":0,
                "upper":0},"metric":"accuracy","onlyFirst":0,"onlySecond":0,"pValue":1},
                "heldOut":\(metrics),"memberCurve":[],"members":[{"chosenFrom":1,"encoder":"e",
                "genotype":"g","heldOut":\(metrics),"layers":[0],"pairing":"joint",
                "parameters":34,"recipe":{"kind":"exact","strength":1},"role":"linear",
                "seeds":1,"test":\(metrics),"weight":1}],"parameters":34,"role":"linear",
                "temperature":1,"test":\(metrics)}},"cost":{"cpuSeconds":1,"peakMemoryBytes":1,
                "stages":{"search":1},"wallSeconds":1},"encoders":[{"digest":"d","layers":[0,1,
                2],"name":"e","pairing":"joint"}],"entries":[{"dev":\(metrics),"encoder":"e",
                "genotype":"g","heldOut":\(metrics),"history":[{"devAccuracy":0.95,
                "devCrossEntropy":0.32,"devScore":0.95,"epoch":1,"trainingLoss":0.5}],
                "parameters":17101,"parts":5,"recipe":{"kind":"adamW","training":{
                "balancesClasses":false,"batchSize":32,"clipNorm":1,"criterion":{
                "metric":"accuracy"},"epochChoice":"automatic","epochs":4,"labelSmoothing":0,
                "learningRate":0.001,"patience":4,"warmUp":0.1,"weightDecay":0.01}},
                "role":"contestant","rounds":0,"scores":{"mgm":1}}],"exported":{"confusion":[[
                20,0],[0,20]],"costFactor":34.0,"disagreement":0.03,"heldOut":\(metrics),
                "memberCurve":[{"accuracy":1,"crossEntropy":9.6e-06,"members":1}],"members":[{
                "adds":0.048,"chosenFrom":1,"encoder":"e","genotype":"g","heldOut":\(metrics),
                "layers":[0],"pairing":"joint","parameters":34,"recipe":{"kind":"exact",
                "strength":1},"role":"linear","seeds":1,"test":\(metrics),"weight":0.31}],
                "parameters":235662,"role":"portfolio","temperature":0.2,"test":\(metrics)},
                "format":2,"kernels":"k","labels":["other","same"],"layers":[{"accuracy":1,
                "crossEntropy":0.034,"isKept":true,"layer":0}],"metrics":["accuracy","macro-f1",
                "mcc"],"pareto":[{"genotype":"g","heldOut":\(metrics),"parameters":17101}],
                "rows":{"dev":20,"test":40,"train":60},"search":{"candidates":40,"failed":0,
                "proxy":"learned","scored":40,"scoringSeconds":0.27,"spaceSize":89373167769600,
                "strategy":"random"},"seed":1,"single":{"confusion":[[20,0],[0,20]],
                "costFactor":1.0,"exportedMinusThis":{"difference":0,"interval":{"level":0.95,
                "lower":0,"upper":0},"metric":"accuracy","onlyFirst":0,"onlySecond":0,
                "pValue":1},"heldOut":\(metrics),"memberCurve":[],"members":[{"chosenFrom":1,
                "encoder":"e","genotype":"g","heldOut":\(metrics),"layers":[0],
                "pairing":"joint","parameters":34,"recipe":{"kind":"exact","strength":1},
                "role":"linear","seeds":1,"test":\(metrics),"weight":1}],"parameters":34,
                "role":"single","temperature":0.2,"test":\(metrics)},"task":"toy","version":"1"}
                """)
        ]
    }
}
