import Heads
import Support
import Training

/// From several heads to one that is trained: successive halving, tuning, several seeds. The search's
/// finalists and the random control go through the same.
struct HeadDevelopment: Sendable {
    /// What became of the contestants.
    struct Outcome: Sendable {
        /// Every contestant, in order, with the parts it was tried on.
        let standings: [Standing]
        /// The place of the best among them; `nil` where another head won.
        let best: Int?
        /// The head that won.
        let genotype: Genotype
        /// How the best is trained.
        let configuration: TrainingConfiguration
        /// Ways of training that were tried.
        let tuning: [Standing]
        /// The best head trained with several seeds.
        let seeds: [TrainedHead]

        /// Whether it is a linear head that was fitted to its minimum.
        var isFittedExactly: Bool { configuration.strength != nil }
        /// The seed whose head is exported: the best on dev.
        var bestSeed: Int { Winner.bestSeed(seeds) }
        /// The heads that are exported: those of all seeds together, or the best on dev. Exact fits are
        /// all the same head, which is exported once.
        func exported(together: Bool) -> [TrainedHead] {
            together && !isFittedExactly ? seeds : [seeds[bestSeed]]
        }
        /// Accuracy on the held-out rows that each contestant was tried on.
        var accuracies: [Genotype: Double] {
            standings.reduce(into: [:]) { $0[$1.genotype] = $1.accuracy }
        }
    }

    /// The name under which the search's finalists are developed.
    static let finalists = "finalists"

    let stage: TrainingStage
    let configuration: RunConfiguration
    let key: RandomKey

    private var halving: SuccessiveHalving {
        SuccessiveHalving(stage: stage, key: key.child("finalists"))
    }

    private func contestant(_ genotype: Genotype) -> Standing {
        Standing(genotype, configuration.finalistTraining)
    }

    /// Trains one contestant with a part held out, as ``run(_:name:)`` does.
    func train(_ genotype: Genotype, part: Int, name: String) throws {
        _ = try halving.train([contestant(genotype)], part: part, stageName: name)
    }

    /// - Throws: ``TrainingError/diverged(epoch:)`` when no head could be trained.
    func run(_ genotypes: [Genotype], name: String) throws -> Outcome {
        let (standings, best) = try halving.run(genotypes.map(contestant), stageName: name)
        let genotype = standings[best].genotype
        let tuned = try WinnerTuning(stage: stage, key: key.child("tuning")).run(
            genotype, base: configuration.training, count: configuration.tuning)
        let jobs = (0..<configuration.seeds).map {
            TrainingJob(genotype: genotype, configuration: tuned.configuration, seed: $0)
        }
        let seeds = try stage.train(jobs, key.child("winner"), stageName: "\(name), seeds")
            .compactMap(\.head)
        guard !seeds.isEmpty else { throw TrainingError.diverged(epoch: 1) }
        return Outcome(
            standings: standings, best: best, genotype: genotype,
            configuration: tuned.configuration,
            tuning: tuned.tried, seeds: seeds)
    }
}

/// What became of the controls.
struct TrainedControls: Sendable {
    let probe: LinearProbe
    /// How the search's best head and the best linear head met; the loser is a control.
    var met: LogisticContest.Result?
    let mlp: [TrainedHead]
    let mlpGenotype: Genotype
    /// `nil` where there was no search to compare with.
    let random: HeadDevelopment.Outcome?
}
