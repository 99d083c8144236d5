import Foundation
import GRDB
import Support

/// The tables of a store. Floating-point numbers are kept as the integers of their IEEE 754 bits,
/// weights and probabilities as little-endian blobs: what comes back is what went in, even -0.
/// SQLite has no checksums of content; a digest of each candidate and training ensures that a bit
/// that changed on the disk is not taken for a result.
enum Schema {
    /// `PRAGMA application_id`: "KNAS".
    static let applicationID = 0x4B4E_4153
    /// `PRAGMA user_version`.
    static let version = 2

    static let tables = [
        "CREATE TABLE identity (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
        "CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
        "CREATE TABLE timings (name TEXT PRIMARY KEY, seconds INTEGER NOT NULL) STRICT",
        """
        CREATE TABLE candidates (id INTEGER PRIMARY KEY, genotype TEXT NOT NULL, \
        parameters INTEGER, failure TEXT, digest TEXT NOT NULL) STRICT
        """,
        """
        CREATE TABLE scores (candidate INTEGER NOT NULL, proxy TEXT NOT NULL, \
        mean INTEGER NOT NULL, spread INTEGER NOT NULL, PRIMARY KEY (candidate, proxy)) STRICT
        """,
        """
        CREATE TABLE epochs (stage TEXT NOT NULL, place INTEGER NOT NULL, \
        genotype TEXT NOT NULL, epoch INTEGER NOT NULL, training_loss INTEGER NOT NULL, \
        dev_accuracy INTEGER NOT NULL, dev_score INTEGER NOT NULL, \
        dev_cross_entropy INTEGER NOT NULL, \
        PRIMARY KEY (stage, place, genotype, epoch)) STRICT
        """,
        """
        CREATE TABLE trainings (stage TEXT NOT NULL, place INTEGER NOT NULL, \
        genotype TEXT NOT NULL, diverged INTEGER, best_epoch INTEGER, classes INTEGER, \
        weights BLOB, labels BLOB, probabilities BLOB, digest TEXT NOT NULL, \
        PRIMARY KEY (stage, place, genotype)) STRICT
        """,
    ]

    /// Makes the tables in an empty database.
    static func create(_ database: Database) throws {
        for table in tables { try database.execute(sql: table) }
        try database.execute(sql: "PRAGMA application_id = \(applicationID)")
        try database.execute(sql: "PRAGMA user_version = \(version)")
    }

    /// Refuses a file that is not a store, or one that this program cannot read.
    static func check(_ database: Database, path: String) throws {
        try checkFormat(database, path: path)
        let problems = try String.fetchAll(database, sql: "PRAGMA quick_check(1)")
        guard problems == ["ok"] else {
            throw RunStoreError.damaged(path: path, reason: problems.first ?? "no answer")
        }
        // Anything else, such as a trigger or a view, was not made by this program.
        let rows = try Row.fetchAll(
            database, sql: "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")
        let statements = rows.compactMap { String.fromDatabaseValue($0[0]) }
        guard Set(statements) == Set(tables), statements.count == tables.count else {
            throw RunStoreError.damaged(path: path, reason: "its tables are not a store's")
        }
    }

    /// Refuses a file that is not a store of this version by what it says of itself.
    static func checkFormat(_ database: Database, path: String) throws {
        let application = try number(database, "PRAGMA application_id")
        guard application == applicationID else {
            throw RunStoreError.notAStore(
                path: path,
                reason: "expected the application id \(applicationID), found \(application)")
        }
        let found = try number(database, "PRAGMA user_version")
        guard found <= version else {
            throw RunStoreError.newer(path: path, found: found, known: version)
        }
        guard found == version else {
            throw RunStoreError.older(path: path, found: found, known: version)
        }
    }

    private static func number(_ database: Database, _ sql: String) throws -> Int {
        try Int64.fetchOne(database, sql: sql).map { Int(clamping: $0) } ?? 0
    }
}

/// Numbers of 32 bits as little-endian bytes.
enum Blob {
    static func data<Number: FixedWidthInteger>(_ numbers: [Number]) -> Data {
        numbers.reduce(into: Data(capacity: numbers.count * 4)) { data, number in
            withUnsafeBytes(of: number.littleEndian) { data.append(contentsOf: $0) }
        }
    }

    /// `nil` where the blob is cut off.
    static func numbers<Number: FixedWidthInteger>(_ blob: Data, _ type: Number.Type) -> [Number]? {
        guard blob.count % 4 == 0 else { return nil }
        return blob.withUnsafeBytes { bytes in
            (0..<blob.count / 4).map {
                Number(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * 4, as: type))
            }
        }
    }

    static func data(_ floats: [Float]) -> Data { data(floats.map(\.bitPattern)) }

    static func floats(_ blob: Data) -> [Float]? {
        numbers(blob, UInt32.self)?.map(Float.init(bitPattern:))
    }

    static func words(_ blob: Data) -> [Int32]? { numbers(blob, Int32.self) }
}

extension Double {
    /// The IEEE 754 bits.
    var bits: Int64 { Int64(bitPattern: bitPattern) }
    init(bits: Int64) { self.init(bitPattern: UInt64(bitPattern: bits)) }
}
