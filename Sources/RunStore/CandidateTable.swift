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
        var digest = DigestBuilder()
        digest.add("\(candidate.id) \(candidate.genotype)")
        switch candidate.outcome {
        case .failed(let reason): digest.add(reason)
        case .scored(let score):
            digest.add("\(score.parameters)")
            for (proxy, summary) in score.values.sorted(by: { $0.key < $1.key }) {
                digest.add("\(proxy) \(summary.mean.bits) \(summary.spread.bits)")
            }
        }
        return digest.hexadecimal()
    }

    static func all(
        _ database: Database, space: SearchSpace, path: String
    ) throws -> [Candidate] {
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
            guard let genotype = try? space.genotype(text), genotype.description == text else {
                throw damaged("candidate \(id) is no head of this search space: \(text)")
            }
            let outcome: Candidate.Outcome
            if let reason = String.fromDatabaseValue(row[3]) {
                outcome = .failed(reason: reason)
            } else {
                guard let parameters = Int.fromDatabaseValue(row[2]), let values = scores[id]
                else { throw damaged("candidate \(id) has neither score nor failure") }
                outcome = .scored(Score(restoring: values, parameters: parameters))
            }
            let candidate = Candidate(id: id, genotype: genotype, outcome: outcome)
            guard String.fromDatabaseValue(row[4]) == digest(candidate) else {
                throw damaged("candidate \(id) is not what was stored")
            }
            return candidate
        }
    }
}
