import Features
import Selection
import Support
import Tasks

/// What training the encoder takes within a time limit, by how fast it reads texts here.
struct FineTuningCost {
    /// Seconds for an epoch of a linear head with the whole encoder, dev included.
    let perEpoch: Double
    /// Epochs of a training that are worth it, the usual number first.
    let epochs: [Int]
    /// Seconds for what follows the last training beside what every answer takes: another encoder reads test rows.
    let answering: Double

    /// Forward passes that a step takes for its rows: one forward, two backward, and the step itself (measured: 3.4 on
    /// multilingual-e5-small in float32).
    fileprivate static let passesOfStep = 3.5
    /// How often the encoder's speed is measured.
    fileprivate static let measurements = 3
    /// Fewest steps of a training: fewer epochs than usual have to come to so many.
    fileprivate static let fewestSteps = 100
    /// Of what is left after the first answer, this much may go into one training. A search of a few dozen heads has most of what
    /// a wide one finds.
    private static let share = 0.9
    /// Trainings at most: of three the mean of some may answer, more of them rarely help.
    static let mostSeeds = 3

    /// Seconds of trainings, from the weights at the start to an answer.
    func seconds(_ tuning: TimePlan.Tuning) -> Double {
        perEpoch * Double(tuning.seeds * (tuning.epochs ?? epochs[0])) + answering
    }

    /// One training with the most epochs that fit; `nil` where none do.
    func one(in seconds: Double) -> TimePlan.Tuning? {
        epochs.lazy
            .map { TimePlan.Tuning(seeds: 1, epochs: $0 == epochs[0] ? nil : $0) }
            .first { self.seconds($0) < seconds }
    }

    /// Seconds that a search leaves to the encoder's training; 0 where that would take too much of the time.
    /// - Parameters:
    ///   - plan: how often and how long it is trained, where that is known.
    ///   - remaining: seconds for both.
    func reserved(for plan: TimePlan, in remaining: Double) -> Double {
        if let tuning = plan.tuning {
            let needed = seconds(tuning)
            return needed <= Self.share * remaining ? needed : 0
        }
        return one(in: Self.share * remaining).map(seconds) ?? 0
    }
}

extension FineTuningCost {
    /// Measures how fast the encoder is here; nothing is kept.
    /// - Returns: `nil` where the encoder stays as it is: where the user says so, for answers other than one class, for
    ///   several encoders, pairs that are encoded separately (which gain little), and few rows.
    /// - Throws: `EncoderError`, `FeatureError`.
    init?(_ open: Pipeline.OpenRun, _ configuration: RunConfiguration) throws {
        let views = open.prepared.views
        let place = FineTuneStage.place(in: views)
        let view = views[place]
        guard !configuration.freezesEncoder, configuration.input.encoders.count == 1,
            open.prepared.dataset.targets.kind == .oneClass, open.prepared.dataset.fewRows == nil,
            view.space.context.segments == 1, (view.layers.max() ?? 0) > 0
        else { return nil }
        // A fraction of a second each: whatever else the machine does meanwhile counts for much.
        let rate = max(1, try view.features.tokensPerSecond(passes: Self.measurements))
        func seconds(_ split: FeatureSet) -> Double {
            Double((0..<split.count).reduce(0) { $0 + split.tokenCount($1) }) / rate
        }
        let (train, dev, test) = (
            open.splits.train[place], open.splits.dev[place], open.splits.test[place]
        )
        // Dev is read at the start, after every epoch, and with the best weights.
        perEpoch = Self.passesOfStep * seconds(train) + 1.7 * seconds(dev)
        let usual = FineTuneOptions(.all).training
        epochs = (1...usual.epochs).reversed().filter {
            $0 == usual.epochs || $0 * train.count >= Self.fewestSteps * usual.batchSize
        }
        answering = 1.2 * seconds(test)
    }
}
