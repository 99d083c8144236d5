import Support
import Training

/// How the head to export is chosen among those that score best.
public struct SelectionConfiguration: Sendable {
    /// Heads to train, the best by score.
    public var keep = 6
    /// How the best head is trained; finalists get half the epochs.
    public var training = TrainingConfiguration()
    /// Training configurations tried for the best head on held-out rows; no tuning below 2.
    public var tuning = 4
    /// Whether exactly fitted linear heads compete with the search's best head.
    public var fitsLinearHeads = true
    /// Seeds the exported head is trained with.
    public var seeds = 3
    /// Whether the exported model averages the probabilities of all seeds' heads.
    public var averagesSeeds = false

    /// This project's standard choices.
    public init() {}

    /// How finalists are trained.
    var finalistTraining: TrainingConfiguration {
        var result = training
        result.epochs = max(1, (training.epochs + 1) / 2)
        return result
    }

    /// - Throws: `BadOption`.
    public func check() throws {
        try require(keep > 0, "--keep", keep, "1 or more")
        try require((0...1000).contains(tuning), "--tune", tuning, "0 to 1000")
        try require((1...1000).contains(seeds), "--seeds", seeds, "1 to 1000")
    }
}
