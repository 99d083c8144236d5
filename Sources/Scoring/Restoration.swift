/// Scores restored from storage.
extension ScoreSummary {
    public init(mean: Double, spread: Double) {
        self.mean = mean
        self.spread = spread
    }
}

extension Score {
    public init(restoring values: [String: ScoreSummary], parameters: Int) {
        self.values = values
        self.parameters = parameters
    }
}
