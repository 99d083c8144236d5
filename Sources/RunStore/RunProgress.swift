import Foundation
import GRDB
import Support

/// How far a run is, for whoever looks at it again and again while it goes on.
///
/// One short read; a run that is writing is not made to wait, as the whole of its file is not
/// checked (``RunStoreSummary`` does that). Where the run is just writing, the read fails and can be
/// tried again.
public struct RunProgress: Sendable, Codable, Hashable {
    /// A head in training, or trained.
    public struct Head: Sendable, Codable, Hashable {
        /// In text form.
        public let genotype: String
        /// The stage of the search that trains it.
        public let stage: String
        /// Epochs so far.
        public let epochs: Int
        /// The best accuracy on held-out rows after an epoch, a fraction of 1; `nil` where numbers are predicted.
        public let accuracy: Double?
        /// The value on held-out rows after that epoch of the metric that epochs are chosen by.
        public let score: Double?
        /// The cross entropy on held-out rows after that epoch, in nats.
        public let crossEntropy: Double?
        /// Whether its training has ended.
        public let isFinished: Bool

        /// What heads and epochs are compared by; the least for a head that has nothing.
        fileprivate var figure: Double { accuracy ?? score ?? -.infinity }
    }

    /// Name of the task.
    public let task: String
    /// When it was started and last entered a stage, in seconds since 1970.
    public let created: Double?
    public let updated: Double?
    /// The stage that it is in; `complete` at the end.
    public let stage: String?
    /// Whether a process is working on it.
    public let isRunning: Bool
    /// Heads that were scored, and that could not be.
    public let scored: Int
    public let failed: Int
    /// Seconds that each finished stage took.
    public let timings: [String: Double]
    /// Heads in training or trained, the best first.
    public let heads: [Head]
    /// All choices of the run by name.
    public let choices: [String: String]

    /// Reads the store of a directory.
    /// - Parameter heads: how many of the best are wanted.
    /// - Throws: ``RunStoreError``, `FileError`.
    public init(_ directory: URL, heads count: Int = 20) throws {
        let url = StoreFile.url(directory)
        let queue = try StoreFile.openToLook(url)
        defer { try? queue.close() }
        let identity = try RunStore.identity(queue, path: url.path)
        task = identity.task
        choices = identity.choices
        let (state, seconds, found, scored, failed) = try RunStoreError.diagnosing(
            url.path, reading: true
        ) {
            try queue.read { database in
                (
                    try RunStore.pairs(database, "state"), try Self.timings(database),
                    try Self.heads(database),
                    try Self.count(database, "candidates WHERE failure IS NULL"),
                    try Self.count(database, "candidates WHERE failure IS NOT NULL")
                )
            }
        }
        func number(_ name: String) -> Double? {
            state[name].flatMap(Double.init).flatMap { $0.isFinite ? $0 : nil }
        }
        created = number("created")
        updated = number("updated")
        stage = state["stage"]
        timings = seconds
        self.scored = scored
        self.failed = failed
        heads = Array(
            found.sorted { one, other in
                (-one.figure, one.crossEntropy ?? .infinity, one.genotype)
                    < (-other.figure, other.crossEntropy ?? .infinity, other.genotype)
            }.prefix(count))
        isRunning = RunLock.isHeld(directory)
    }

    private static func count(_ database: Database, _ table: String) throws -> Int {
        try Int.fetchOne(database, sql: "SELECT count(*) FROM \(table)") ?? 0
    }

    private static func timings(_ database: Database) throws -> [String: Double] {
        let rows = try Row.fetchAll(database, sql: "SELECT name, seconds FROM timings")
        return rows.reduce(into: [:]) { all, row in
            // Beside them are those of processors, and of threads that did nothing.
            if let name = String.fromDatabaseValue(row[0]), name.hasPrefix("stage "),
                let seconds = double(row[1])
            {
                all[String(name.dropFirst(6))] = seconds
            }
        }
    }

    private static func heads(_ database: Database) throws -> [Head] {
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT e.stage, e.place, e.genotype, e.dev_accuracy, e.dev_score,
                e.dev_cross_entropy, t.stage IS NOT NULL FROM epochs e LEFT JOIN trainings t
                ON t.stage = e.stage AND t.place = e.place AND t.genotype = e.genotype
                ORDER BY e.rowid
                """)
        var heads: [[String]: Head] = [:]
        var known: Set<String> = []
        var late: Set<String> = []
        var isChosen = false
        for row in rows {
            guard let stage = String.fromDatabaseValue(row[0]),
                let place = Int.fromDatabaseValue(row[1]),
                let genotype = String.fromDatabaseValue(row[2])
            else { continue }
            // After the controls have begun, what was chosen is trained on all rows: what it says of them
            // is not held out.
            let isFirst = known.insert(stage).inserted
            if stage.hasPrefix("MLP ") || stage.hasPrefix("portfolio") { isChosen = true }
            if isFirst, isChosen, !stage.hasPrefix("MLP ") { late.insert(stage) }
            if late.contains(stage) { continue }
            let key = [stage, String(place), genotype]
            let before = heads[key]
            let now = Head(
                genotype: genotype, stage: stage, epochs: (before?.epochs ?? 0) + 1,
                accuracy: double(row[3]), score: double(row[4]), crossEntropy: double(row[5]),
                isFinished: Bool.fromDatabaseValue(row[6]) ?? false)
            let best = before.map { $0.figure >= now.figure ? $0 : now } ?? now
            heads[key] = Head(
                genotype: genotype, stage: stage, epochs: now.epochs, accuracy: best.accuracy,
                score: best.score, crossEntropy: best.crossEntropy, isFinished: now.isFinished)
        }
        return Array(heads.values)
    }

    private static func double(_ value: DatabaseValue) -> Double? {
        Int64.fromDatabaseValue(value).map(Double.init(bits:)).flatMap { $0.isFinite ? $0 : nil }
    }
}
