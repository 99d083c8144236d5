import Metrics
import Support

/// How good few and more rows are, and what further ones would give: `knas curve --json`.
public struct LearningCurveResult: Sendable, Encodable {
    /// What so many rows gave.
    public struct Point: Sendable, Encodable {
        /// Rows that were learnt from.
        public var rows: Int
        /// The mean over the draws of the task's metric on held-out rows.
        public var value: Double
        /// The 95 % interval of that mean, by Student's t.
        public var interval: [Double]
        /// Each draw's.
        public var draws: [Double]
    }

    /// What so many rows would give.
    public struct Forecast: Sendable, Encodable {
        /// The multiple of the labelled rows.
        public var factor: Int
        /// Rows.
        public var rows: Int
        /// The metric that the curve has there.
        public var value: Double
        /// Its 95 % interval, by bootstrap.
        public var interval: [Double]
        /// How much that is above what all labelled rows give, by the same curve.
        public var gain: Double
        /// The 95 % interval of the gain.
        public var gainInterval: [Double]
    }

    /// The curve: the metric is `1 - floor - scale * rows^-exponent`.
    public struct Curve: Sendable, Encodable {
        /// What is missing to 1 however many rows there are.
        public var floor: Double
        /// What is missing with one row, beside that.
        public var scale: Double
        /// How fast it falls.
        public var exponent: Double
    }

    /// The task's name.
    public var task: String
    /// The encoder's name or path.
    public var encoder: String
    /// The hidden states that heads could read.
    public var layers: [Int]
    /// What is measured.
    public var metric: Metric
    /// Number of classes.
    public var classes: Int
    /// Labelled rows, without those of test.
    public var rows: Int
    /// Parts of them that were held out in turn.
    public var draws: Int
    /// The seed of draws and intervals.
    public var seed: UInt64
    /// From few rows to many.
    public var points: [Point]
    /// The power law through the points.
    public var curve: Curve
    /// For all labelled rows, twice and four times as many.
    public var forecasts: [Forecast]

    init(
        task: String, encoder: String, layers: [Int], metric: Metric, classes: Int, rows: Int,
        draws: Int, seed: UInt64, sizes: [Int], values: [[Double]], fit: LearningCurveFit
    ) {
        self.task = task
        self.encoder = encoder
        self.layers = layers
        self.metric = metric
        self.classes = classes
        self.rows = rows
        self.draws = draws
        self.seed = seed
        points = zip(sizes, values).map { size, values in
            let mean = values.reduce(0, +) / Double(values.count)
            let variance =
                values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
            let width =
                Self.studentT(values.count - 1) * (variance / Double(values.count)).squareRoot()
            return Point(
                rows: size, value: mean, interval: [mean - width, min(1, mean + width)],
                draws: values)
        }
        curve = Curve(
            floor: fit.curve.floor, scale: fit.curve.scale, exponent: fit.curve.exponent)
        forecasts = [1, 2, 4].map { factor in
            let ahead = fit.forecast(factor * rows)
            let gain = fit.gain(from: rows, to: factor * rows)
            return Forecast(
                factor: factor, rows: factor * rows, value: ahead.value, interval: ahead.interval,
                gain: gain.value, gainInterval: gain.interval)
        }
    }

    /// The 97.5 % quantile of Student's t.
    private static func studentT(_ freedom: Int) -> Double {
        let table = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228]
        if freedom <= table.count { return table[max(1, freedom) - 1] }
        // Within 0.2 % from ten on (Cornish and Fisher's first term).
        return 1.96 + 2.372 / Double(freedom)
    }

    /// A row for each point and forecast, as CSV: `kind` is `measured` or `forecast`.
    public var csv: String {
        let header =
            ["kind", "rows", "rows_per_class", "value", "lower", "upper"]
            + (1...draws).map { "draw_\($0)" }
        func line(_ kind: String, _ rows: Int, _ value: Double, _ interval: [Double]) -> [String] {
            [
                kind, "\(rows)", "\(Double(rows) / Double(classes))", "\(value)", "\(interval[0])",
                "\(interval[1])",
            ]
        }
        return CSV.text(
            [header]
                + points.map {
                    line("measured", $0.rows, $0.value, $0.interval) + $0.draws.map { "\($0)" }
                }
                + forecasts.map {
                    line("forecast", $0.rows, $0.value, $0.interval) + (1...draws).map { _ in "" }
                })
    }
}
