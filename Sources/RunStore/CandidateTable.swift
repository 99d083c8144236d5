import GRDB
import Heads
import Scoring
import Search
import Support

/// The tables `candidates` and `scores`.
enum CandidateTable {
    static func insert(_ candidate: Candidate, _ database: Database) throws {
        var failure: String?
        if case .failed(let reason) = candidate.outcome { failure = reason }
        try database.execute(
            sql: "INSERT OR REPLACE INTO candidates VALUES (?, ?, ?, ?, ?)",
            arguments: [
                candidate.id, candidate.genotype.description, candidate.score?.parameters, failure,
                digest(candidate),
            ])
        try database.execute(
            sql: "DELETE FROM scores WHERE candidate = ?", arguments: [candidate.id])
        for (proxy, summary) in candidate.score?.values ?? [:] {
            try database.execute(
                sql: "INSERT INTO scores VALUES (?, ?, ?, ?)",
                arguments: [candidate.id, proxy, summary.mean.bits, summary.spread.bits])
        }
    }

    private static func digest(_ candidate: Candidate) -> String {
        digest(candidate.id, candidate.genotype.description, candidate.outcome)
    }

    private static func digest(
        _ id: Int, _ genotype: String, _ outcome: Candidate.Outcome
    ) -> String {
        var digest = DigestBuilder()
        digest.add("\(id) \(genotype)")
        switch outcome {
        case .failed(let reason): digest.add(reason)
        case .scored(let score):
            digest.add("\(score.parameters)")
            for (proxy, summary) in score.values.sorted(by: { $0.key < $1.key }) {
                digest.add("\(proxy) \(summary.mean.bits) \(summary.spread.bits)")
            }
        }
        return digest.hexadecimal()
    }

    /// Checks that every candidate is what was stored, in any space; returns their number.
    /// - Throws: ``RunStoreError/damaged(path:reason:)``.
    static func check(_ database: Database, path: String) throws -> Int {
        let rows = try rows(database, path: path)
        for row in rows where row.digest != digest(row.id, row.genotype, row.outcome) {
            throw RunStoreError.damaged(
                path: path, reason: "candidate \(row.id) is not what was stored")
        }
        return rows.count
    }

    private typealias Stored = (
        id: Int, genotype: String, outcome: Candidate.Outcome, digest: String?
    )

    static func all(
        _ database: Database, spaces: SearchSpaces, path: String
    ) throws -> [Candidate] {
        try rows(database, path: path).map { row in
            func damaged(_ reason: String) -> RunStoreError { .damaged(path: path, reason: reason) }
            guard let genotype = try? spaces.genotype(row.genotype),
                genotype.description == row.genotype
            else {
                throw damaged(
                    "candidate \(row.id) is not a head of this search space: \(row.genotype)")
            }
            let candidate = Candidate(id: row.id, genotype: genotype, outcome: row.outcome)
            guard row.digest == digest(candidate) else {
                throw damaged("candidate \(row.id) is not what was stored")
            }
            return candidate
        }
    }

    private static func rows(_ database: Database, path: String) throws -> [Stored] {
        func damaged(_ reason: String) -> RunStoreError { .damaged(path: path, reason: reason) }
        var scores: [Int: [String: ScoreSummary]] = [:]
        for row in try Row.fetchAll(
            database, sql: "SELECT candidate, proxy, mean, spread FROM scores")
        {
            guard let id = Int.fromDatabaseValue(row[0]),
                let proxy = String.fromDatabaseValue(row[1]),
                let mean = Int64.fromDatabaseValue(row[2]),
                let spread = Int64.fromDatabaseValue(row[3])
            else { throw damaged("a score is not complete") }
            scores[id, default: [:]][proxy] = ScoreSummary(
                mean: Double(bits: mean), spread: Double(bits: spread))
        }
        return try Row.fetchAll(
            database,
            sql: "SELECT id, genotype, parameters, failure, digest FROM candidates ORDER BY id"
        ).map { row in
            guard let id = Int.fromDatabaseValue(row[0]), id > 0,
                let text = String.fromDatabaseValue(row[1])
            else { throw damaged("a candidate is not complete") }
            let outcome: Candidate.Outcome
            if let reason = String.fromDatabaseValue(row[3]) {
                outcome = .failed(reason: reason)
            } else {
                guard let parameters = Int.fromDatabaseValue(row[2]), let values = scores[id]
                else { throw damaged("candidate \(id) has neither score nor failure") }
                outcome = .scored(Score(values: values, parameters: parameters))
            }
            return (id, text, outcome, String.fromDatabaseValue(row[4]))
        }
    }
}
