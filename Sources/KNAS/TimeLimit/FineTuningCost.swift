import Features
import Selection
import Support
import Tasks

/// What training the encoder takes within a time limit, by how fast it reads texts here.
struct FineTuningCost {
    /// Seconds for one training of a linear head with the whole encoder.
    let perSeed: Double
    /// Seconds for what follows the last training beside what every answer takes: another encoder reads test rows.
    let answering: Double

    /// Forward passes that a step takes for its rows: one forward, two backward, and the step itself (measured: 3.4 on
    /// multilingual-e5-small in float32).
    fileprivate static let passesOfStep = 3.5
    /// Of what is left after the first answer, this much may go into one training: the search goes first.
    private static let share = 0.7
    /// Trainings at most: of three the mean of some may answer, more of them rarely help.
    static let mostSeeds = 3

    /// Seconds that a search leaves to the encoder's training; 0 where that would take too much of the time.
    /// - Parameters:
    ///   - seeds: trainings.
    ///   - remaining: seconds for both.
    func reserved(seeds: Int, in remaining: Double) -> Double {
        let needed = perSeed * Double(seeds) + answering
        return needed <= Self.share * remaining ? needed : 0
    }
}

extension FineTuningCost {
    /// Measures how fast the encoder is here; nothing is kept.
    /// - Returns: `nil` where the encoder stays as it is: where the user says so, for answers other than one class, for
    ///   several encoders, pairs that are encoded separately (which gain little), and few rows.
    /// - Throws: `EncoderError`, `FeatureError`.
    init?(_ open: Pipeline.OpenRun, _ configuration: RunConfiguration) throws {
        let views = open.prepared.views
        // The one that ``FineTuneStage`` takes.
        let place = views.firstIndex { $0.pairing == .joint } ?? 0
        let view = views[place]
        guard !configuration.freezesEncoder, configuration.input.encoders.count == 1,
            open.prepared.dataset.targets.kind == .oneClass, open.prepared.dataset.fewRows == nil,
            view.space.context.segments == 1, (view.layers.max() ?? 0) > 0
        else { return nil }
        let rate = max(1, try view.features.tokensPerSecond())
        func seconds(_ split: FeatureSet) -> Double {
            Double((0..<split.count).reduce(0) { $0 + split.tokenCount($1) }) / rate
        }
        let (train, dev, test) = (
            open.splits.train[place], open.splits.dev[place], open.splits.test[place]
        )
        let epochs = Double(FineTuneOptions(.all).training.epochs)
        perSeed = epochs * Self.passesOfStep * seconds(train) + (epochs + 2) * seconds(dev)
        answering = 1.2 * seconds(test)
    }
}
