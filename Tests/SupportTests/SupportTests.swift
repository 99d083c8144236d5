import Foundation
import Support
import Testing

@Suite("Keys, files and threads")
struct SupportTests {
    @Test("a key's numbers depend on its path of labels alone")
    func keys() {
        func numbers(_ key: RandomKey) -> [UInt64] {
            var generator = key.generator()
            return (0..<4).map { _ in generator.next() }
        }
        let root = RandomKey(seed: 1)
        #expect(
            numbers(root.child("a").child(2)) == numbers(RandomKey(seed: 1).child("a").child(2)))
        let keys = [
            root, root.child("a"), root.child("b"), root.child("ab"), root.child("a").child("b"),
            root.child(0), root.child(1), root.child(97), RandomKey(seed: 2),
        ]
        #expect(Set(keys.map { numbers($0) }).count == keys.count)
    }

    @Test("uniform numbers fill their range evenly")
    func uniform() {
        var generator = RandomKey(seed: 3).generator()
        var bins = [Int](repeating: 0, count: 10)
        for _ in 0..<100_000 { bins[Int(generator.uniform() * 10)] += 1 }
        #expect(bins.allSatisfy { abs($0 - 10_000) < 500 })
    }

    @Test("parallel results are in order, and the lowest failing index reports")
    func parallel() throws {
        let squares = Parallel.map(count: 1000, threads: 2) { index, _ in index * index }
        #expect(squares == (0..<1000).map { $0 * $0 })
        struct Failure: Error, Equatable { let index: Int }
        #expect(throws: Failure(index: 3)) {
            try Parallel.forEach(count: 100, threads: 2) { index, _ in
                if index % 10 == 3 { throw Failure(index: index) }
            }
        }
    }

    @Test("a file that cannot be finished leaves nothing behind")
    func atomic() throws {
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("knas-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: directory) }
        let url = directory.appendingPathComponent("file")
        try AtomicFile.write("whole", to: url)
        #expect(throws: Interrupted.self) {
            try AtomicFile.write(to: url) { file in
                try file.write(Data("half".utf8))
                throw Interrupted()
            }
        }
        #expect(try String(contentsOf: url, encoding: .utf8) == "whole")
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["file"])
        #expect(throws: FileError.missing(path: "/nowhere/at/all")) {
            try MappedFile(URL(fileURLWithPath: "/nowhere/at/all"))
        }
    }

    @Test("the time of a stage within another counts once")
    func stages() throws {
        let watch = Stopwatch()
        try watch.time("outer") {
            for _ in 0..<2 { _ = try watch.time("inner") { usleep(20_000) } }
        }
        let cost = watch.cost
        #expect(cost.stages.keys.sorted() == ["inner", "outer"])
        #expect(cost.stages.values.allSatisfy { $0 >= 0 })
        #expect(cost.stages.values.reduce(0, +) <= cost.wallSeconds)
    }
}
