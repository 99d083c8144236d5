import Foundation
import GRDB
import Heads
import RunStore
import Search
import Support
import Testing
import Training

/// Files that were cut off, damaged or made by somebody else.
@Suite("Hostile run stores")
struct HostileStoreTests {
    /// A store with something in it, closed.
    private func filled() throws -> Bench {
        let bench = try Bench()
        let store = try RunStore(creating: bench.directory, identity: bench.identity)
        for candidate in bench.candidates(60) { try store.append(candidate) }
        let key = TrainingKey(stage: "finalists", index: 0, genotype: "g")
        try store.finish(key, .trained(bench.head(large: true)))
        try store.close()
        return bench
    }

    /// Opens and reads everything: either it is what was stored or that is a diagnosed error.
    private func kind(_ bench: Bench) throws -> ErrorKind? {
        do {
            let store = try RunStore(opening: bench.directory, identity: bench.identity)
            let candidates = try store.candidates(in: SearchSpaces(bench.space))
            let training = try store.training(
                TrainingKey(stage: "finalists", index: 0, genotype: "g"),
                of: bench.graph(large: true))
            _ = try store.timings()
            try store.close()
            #expect(candidates.allSatisfy(bench.candidates(60).contains))
            guard let found = training?.head else { return nil }
            #expect(try found.bits == bench.head(large: true).bits)
            return nil
        } catch let error as any DiagnosedError {
            #expect(!error.description.isEmpty)
            return error.kind
        }
    }

    private func change(_ bench: Bench, _ sql: String) throws {
        let queue = try DatabaseQueue(path: bench.database.path)
        try queue.writeWithoutTransaction { try $0.execute(sql: sql) }
        try queue.close()
    }

    @Test(
        "a crash in the middle of a commit rolls it back, at whatever byte the journal ends"
    )
    func tornWrite() throws {
        let bench = try filled()
        defer { bench.remove() }
        let journal = URL(fileURLWithPath: bench.database.path + "-journal")
        // A tiny cache makes SQLite write pages before the commit; the copies are what a crash leaves.
        var configuration = Configuration()
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA cache_size = 2") }
        let queue = try DatabaseQueue(path: bench.database.path, configuration: configuration)
        var crashed: (database: Data, journal: Data)?
        try queue.inTransaction(.immediate) { database in
            try database.execute(sql: "UPDATE candidates SET failure = hex(randomblob(2000))")
            try database.execute(sql: "DELETE FROM scores")
            crashed = (try Data(contentsOf: bench.database), try Data(contentsOf: journal))
            return .rollback
        }
        try queue.close()
        let (database, whole) = try #require(crashed)
        #expect(whole.count > 512)
        for cut in [
            whole.count, 0, 1, 27, 28, 511, 512, 513, 600, whole.count / 2, whole.count - 1,
        ] {
            try database.write(to: bench.database)
            try whole.prefix(cut).write(to: journal)
            if cut == whole.count {
                // Who only wants to read rolls it back as well.
                #expect(try RunStore.text("plan", ofRun: bench.directory) == nil)
                #expect(try RunStore.identity(ofRun: bench.directory) == bench.identity)
                try database.write(to: bench.database)
                try whole.write(to: journal)
            }
            let found = try kind(bench)
            #expect(found == nil || found == .badInput, "journal of \(cut) bytes")
            guard cut == whole.count else { continue }
            #expect(found == nil)
            let store = try RunStore(opening: bench.directory, identity: bench.identity)
            #expect(try store.candidates(in: SearchSpaces(bench.space)) == bench.candidates(60))
        }
    }

    @Test("a file that is cut off or has bytes changed is read or refused, never a crash")
    func damage() throws {
        let bench = try filled()
        defer { bench.remove() }
        let whole = try Data(contentsOf: bench.database)
        for cut in [0, 1, 15, 16, 99, 100, 101, 4095, 4096, whole.count / 2] {
            try whole.prefix(cut).write(to: bench.database)
            #expect(try kind(bench) == .badInput, "\(cut) bytes")
        }
        var generator = RandomKey(seed: 5).generator()
        for _ in 0..<150 {
            var data = whole
            // Most of the file are weights; what matters stands in the first pages.
            let region = [200, 40_000, whole.count][generator.index(below: 3)]
            for _ in 0...generator.index(below: 8) {
                data[generator.index(below: min(region, whole.count))] = UInt8(
                    truncatingIfNeeded: generator.next())
            }
            try data.write(to: bench.database)
            _ = try kind(bench)
        }
    }

    @Test("a file that is not a store is refused, with the exit code of bad input")
    func foreign() throws {
        let bench = try Bench()
        defer { bench.remove() }
        try Data("not a database, but a text of some length".utf8).write(to: bench.database)
        #expect(try kind(bench) == .badInput)
        try FileManager.default.removeItem(at: bench.database)
        #expect(try kind(bench) == .missingFile)
        try change(bench, "CREATE TABLE candidates (id INTEGER)")
        #expect(try kind(bench) == .badInput)
        try FileManager.default.removeItem(at: bench.database)
        try FileManager.default.createDirectory(
            at: bench.database, withIntermediateDirectories: false)
        #expect(try kind(bench) == .badInput)
        #expect(throws: FileError.self) {
            try RunStore(
                creating: URL(fileURLWithPath: "/dev/null/run"), identity: bench.identity)
        }
    }

    @Test(
        "rows that make no sense, foreign tables and newer schemas are refused",
        arguments: [
            "PRAGMA user_version = 3", "PRAGMA user_version = -1", "PRAGMA application_id = 1",
            "CREATE VIEW v AS SELECT 1", "DROP TABLE scores",
            "CREATE TRIGGER t AFTER INSERT ON epochs BEGIN DELETE FROM candidates; END",
            "DELETE FROM identity", "UPDATE identity SET value = '-1' WHERE name = 'seed'",
            "UPDATE candidates SET genotype = 'x' WHERE id = 2",
            "UPDATE candidates SET id = -5 WHERE id = 2", "DELETE FROM scores WHERE candidate = 3",
            "UPDATE candidates SET parameters = NULL WHERE id = 3",
            "UPDATE trainings SET weights = x'00'", "UPDATE trainings SET classes = 0",
            "UPDATE trainings SET classes = 9223372036854775807", "DELETE FROM epochs",
            "UPDATE trainings SET labels = x'FFFFFFFFFFFFFFFFFFFFFFFF'",
            "UPDATE epochs SET epoch = 9 WHERE epoch = 3",
            "UPDATE trainings SET best_epoch = -9223372036854775808",
        ])
    func senseless(_ sql: String) throws {
        let bench = try filled()
        defer { bench.remove() }
        try change(bench, sql)
        #expect(try kind(bench) == .badInput)
    }

    @Test(
        "a store of an earlier or a newer version says so, and can be replaced", arguments: [1, 3])
    func otherVersion(_ version: Int) throws {
        let bench = try filled()
        defer { bench.remove() }
        try change(bench, "PRAGMA user_version = \(version)")
        let error = #expect(throws: RunStoreError.self) {
            try RunStore(opening: bench.directory, identity: bench.identity)
        }
        #expect(error?.kind == .badInput)
        let text = error?.description ?? ""
        #expect(text.contains("(format \(version), this one reads 2)"))
        #expect(text.contains(version == 1 ? "an earlier version" : "a newer version"))
        #expect(text.contains("--overwrite") == (version == 1))
        #expect(throws: RunStoreError.self) { try RunStoreSummary(bench.directory) }
        let new = try RunStore(
            creating: bench.directory, identity: bench.identity, overwriting: true)
        #expect(try new.candidates(in: SearchSpaces(bench.space)).isEmpty)
    }

    @Test("a training belongs to its head only, and damage to it is reported with its name")
    func otherHead() throws {
        let bench = try filled()
        defer { bench.remove() }
        let key = TrainingKey(stage: "finalists", index: 0, genotype: "g")
        func failure() throws -> String {
            let store = try RunStore(opening: bench.directory, identity: bench.identity)
            defer { try? store.close() }
            let error = #expect(throws: RunStoreError.self) {
                _ = try store.training(key, of: bench.graph())
            }
            #expect(error?.kind == .badInput)
            return error?.description ?? ""
        }
        let (found, expected) = (
            try bench.head(large: true).parameters.storage.count,
            try bench.head().parameters.storage.count
        )
        #expect(
            try failure().contains(
                "training 0 of stage finalists has \(found) weights, its head \(expected)"))
        try change(bench, "UPDATE epochs SET dev_score = dev_score + 1 WHERE epoch = 2")
        #expect(
            try failure().contains("training 0 of stage finalists is not what was stored"))
    }

    @Test("a database that goes away under a run is an error of the next write")
    func removed() throws {
        let bench = try filled()
        defer { bench.remove() }
        let store = try RunStore(opening: bench.directory, identity: bench.identity)
        try FileManager.default.removeItem(at: bench.database)
        let error = #expect(throws: RunStoreError.self) {
            try store.append(bench.candidates(1)[0])
            try store.flush()
        }
        #expect(error?.kind == .inputOutput)
        #expect(throws: RunStoreError.self) { try store.append(bench.candidates(1)[0]) }
    }
}
