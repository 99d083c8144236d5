import Support
import Training

/// Which controls a search is compared with.
public enum ControlChoice: String, Sendable, Hashable, Codable, CaseIterable {
    /// None but the linear head, which is a contestant anyway.
    case none
    /// A linear head and an MLP: seconds.
    case quick
    /// Also random search with as many multiply-adds as the search, the search without scores, and a portfolio
    /// of linear heads: three times the work.
    case full
}

/// How the model to export is chosen among the heads that score best.
public struct SelectionConfiguration: Sendable {
    /// Heads that begin to be trained, chosen by score and spread.
    public var funnel = 64
    /// Heads that are trained to the end and tried on held-out parts: the contestants.
    public var keep = 12
    /// Held-out rows that contestants are compared on, at least: parts of the data are held out one after
    /// another until there are as many, or all are. The standard error of a difference is then a point
    /// or less.
    public var heldOutRows = 2000
    /// Most members of the portfolio.
    public var members = 8
    /// What answering may cost, as a multiple of the cheapest encoder's pass; `nil` for no limit.
    public var largestCost: Double?
    /// Whether the best head by itself is exported instead of a portfolio.
    public var exportsSingle = false
    /// How heads are trained. The number of epochs counts where ``epochs`` is set.
    public var training = TrainingConfiguration()
    /// Epochs; `nil` for this project's standard, which depends on the number of training rows.
    public var epochs: Int?
    /// Further training configurations of the best contestant that may become members.
    public var tuning = 0
    /// Whether exactly fitted linear heads may become members.
    public var fitsLinearHeads = true
    /// Trainings on all training rows: of the head that is exported alone, or of each member beside
    /// those of the held-out parts; `nil` for this project's standard.
    public var seeds: Int?
    /// Whether a head that is exported alone averages the probabilities of its seeds.
    public var averagesSeeds = false
    /// What the result is compared with.
    public var controls = ControlChoice.quick

    /// Least epochs that heads are trained for without being told. A fourth would take a fifth more time; over five tasks
    /// it changes held-out accuracy by 0.1 points and cross entropy by nothing.
    private static let fewestEpochs = 3
    /// Most of them, and the steps of AdamW that few rows should come to: heads that see 300 rows four
    /// times have hardly begun.
    private static let mostEpochs = 12
    private static let standardSteps = 150

    /// The training for so many rows.
    public func training(rows: Int) -> TrainingConfiguration {
        var result = training
        let steps = max(1, (rows + training.batchSize - 1) / training.batchSize)
        result.epochs =
            epochs
            ?? min(
                max(Self.fewestEpochs, (Self.standardSteps + steps - 1) / steps), Self.mostEpochs)
        return result
    }

    /// Seeds of a head that is exported alone.
    private static let singleSeeds = 3

    /// This project's standard choices.
    public init() {}

    /// Seeds of a head that is exported alone, or that encoder layers are trained with.
    var seedsOfOne: Int { seeds ?? Self.singleSeeds }
    /// Seeds of a portfolio's members.
    var seedsOfMembers: Int { seeds ?? 1 }

    /// Whether a model's answers may cost so much, as a multiple of the encoder's pass.
    public func affords(_ cost: Double) -> Bool {
        PortfolioSelection.affords(cost, within: largestCost)
    }

    /// - Throws: `BadOption`.
    public func check() throws {
        try require(keep > 0, "--keep", keep, "1 or more")
        try require(funnel >= keep, "--funnel", funnel, "at least --keep (\(keep))")
        try require(heldOutRows > 0, "--held-out-rows", heldOutRows, "1 or more")
        try require((1...100).contains(members), "--members", members, "1 to 100")
        if let largestCost {
            try require(
                largestCost >= 1 && largestCost.isFinite, "--max-cost", "\(largestCost)x",
                "1x or more")
        }
        var training = training
        training.epochs = epochs ?? training.epochs
        try training.check()
        try require((0...1000).contains(tuning), "--tune", tuning, "0 to 1000")
        if let seeds { try require((1...1000).contains(seeds), "--seeds", seeds, "1 to 1000") }
    }
}
