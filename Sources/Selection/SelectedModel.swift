import Metrics

/// Heads that answer as one model: what is exported, and everything that it is compared with.
public struct SelectedModel: Sendable {
    /// One of the heads.
    public struct Member: Sendable {
        /// The head, with the replicas that answer.
        public let entry: Entry
        /// Its share of the probabilities.
        public let weight: Double
    }

    /// What it is.
    public let role: Role
    /// From the largest weight to the smallest; the weights' sum is 1.
    public let members: [Member]
    /// What the logarithms of the mean probabilities are divided by.
    public let temperature: Double
    /// For each label from which probability on a row is said to have it; `nil` where rows have no labels.
    public let thresholds: [Float]?
    /// Predictions for rows that neither heads nor weights nor temperature have seen; `nil` where a
    /// training diverged.
    public internal(set) var heldOut: Predictions?
    /// What the portfolio on the frozen encoder says of the same rows; `nil` where the encoder was not trained, or there
    /// was no choice.
    public internal(set) var frozenHeldOut: Predictions?
    /// What every further member adds on held-out rows.
    public let curve: [Portfolio.Step]
    /// What its answers cost, where its heads may read layers that the search's heads do not.
    public internal(set) var costs: AnswerCosts?

    /// A portfolio of entries that were chosen from.
    /// - Parameters:
    ///   - entries: those that the portfolio's members are indices of.
    ///   - averaging: what the temperature changes by as several trainings of each member answer.
    init(_ role: Role, _ portfolio: Portfolio, of entries: [Entry], averaging: Double = 1) {
        self.role = role
        members = portfolio.members.map { Member(entry: entries[$0.entry], weight: $0.weight) }
        temperature = Self.limited(portfolio.temperature * averaging)
        thresholds = portfolio.thresholds
        heldOut = portfolio.heldOut
        curve = portfolio.curve
    }

    /// Members on different encoders' layers.
    /// - Parameters:
    ///   - members: in any order; the weights' sum is 1.
    ///   - heldOut: predictions for rows that weights and temperature have not seen.
    init(_ role: Role, _ members: [Member], temperature: Double, heldOut: Predictions) {
        self.role = role
        self.members = members.indices.sorted {
            (members[$1].weight, $0) < (members[$0].weight, $1)
        }.map { members[$0] }
        self.temperature = Self.limited(temperature)
        thresholds = nil
        self.heldOut = heldOut
        curve = []
    }

    /// One head by itself.
    /// - Parameter isCalibrated: whether its probabilities get a temperature, found on held-out rows.
    init(_ role: Role, _ entry: Entry, isCalibrated: Bool) throws {
        self.role = role
        members = [Member(entry: entry, weight: 1)]
        let pooled = entry.isSound ? try Predictions(pooling: entry.heldOut) : nil
        let trials =
            isCalibrated
            ? pooled.map { Temperature.fit($0, deviation: Temperature.usualDeviation) } ?? 1 : 1
        temperature = isCalibrated ? Self.limited(trials * (try Self.averaging(entry))) : trials
        let answers = pooled.map { $0.tempered(trials) }
        let thresholds = answers.flatMap(Thresholds.fit)
        self.thresholds = thresholds
        heldOut = answers.map { $0.decided(by: thresholds) }
        curve = []
    }

    /// What averaging changes in the temperature of a head by itself: seeds that answer together have all not
    /// seen dev.
    private static func averaging(_ entry: Entry) throws -> Double {
        let seeds = entry.replicas.map(\.dev)
        guard seeds.count > 1 else { return 1 }
        return try AveragingChange.of(seeds, together: try seeds.together)
    }

    private static func limited(_ temperature: Double) -> Double {
        min(max(temperature, Temperature.range.lowerBound), Temperature.range.upperBound)
    }

    /// Trained weights of all heads that answer.
    public var parameters: Int {
        members.reduce(0) { $0 + $1.entry.parameters * $1.entry.replicas.count }
    }

    /// What the held-out cross entropy would rise by without each of the members, with the temperature
    /// as it is, on the rows that the members were chosen on, of those that all have; empty for a single head.
    public func additions() throws -> [Double] {
        guard members.count > 1 else { return [] }
        // Dev comes first, which is all that a fine-tuned head was held out from.
        let parts = members.map(\.entry.heldOut.count).min() ?? 0
        let heldOut = try members.map {
            try Predictions(pooling: Array($0.entry.heldOut.prefix(parts)))
        }
        func loss(_ places: [Int]) throws -> Double {
            let sum = places.reduce(0) { $0 + members[$1].weight }
            let mixture = try Predictions(
                mixing: places.map { heldOut[$0] },
                weights: places.map { members[$0].weight / sum })
            return ClassificationMetrics(mixture.tempered(temperature)).loss
        }
        let all = try loss(Array(members.indices))
        return try members.indices.map { left in
            try loss(members.indices.filter { $0 != left }) - all
        }
    }

    /// The model's predictions on the test split, and those of each member.
    /// - Throws: `FeatureError` and the like, where features cannot be read.
    public func testPredictions(
        threads: Int
    ) throws -> (model: Predictions, members: [Predictions]) {
        let answers = try members.map {
            try $0.entry.testPredictions(threads: threads).together
        }
        let mixture = try Predictions(mixing: answers, weights: members.map(\.weight))
        return (mixture.tempered(temperature).decided(by: thresholds), answers)
    }
}
