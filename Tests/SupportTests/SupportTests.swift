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

    @Test("a negative number belongs to the option before it, and to nothing else")
    func negativeNumbers() {
        for (line, joined) in [
            ("--port -1", "--port=-1"), ("-n -3 x", "-n=-3 x"), ("--share -.5", "--share=-.5"),
            ("--a=1 -2", "--a=1 -2"), ("--flag --other -5%", "--flag --other=-5%"),
            ("x -1", "x -1"), ("- -1", "- -1"), ("--run -x", "--run -x"), ("-1 -2", "-1 -2"),
            ("--a -- --b -1", "--a -- --b -1"),
        ] {
            #expect(
                line.split(separator: " ").map(String.init).joiningNegativeNumbers
                    == joined.split(separator: " ").map(String.init), "\(line)")
        }
    }

    @Test("what is to be a directory is listed, or what is wrong with it is said")
    func names() throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("names-\(UUID().uuidString)")
        let file = folder.appendingPathComponent("b")
        #expect(throws: FileError.missing(path: folder.path)) {
            try FileError.names(in: folder, expected: "a folder")
        }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for name in ["b", "a"] { try Data().write(to: folder.appendingPathComponent(name)) }
        #expect(try FileError.names(in: folder, expected: "a folder") == ["a", "b"])
        let reason = "expected a folder, found a file"
        #expect(throws: FileError.notReadable(path: file.path, reason: reason)) {
            try FileError.names(in: file, expected: "a folder")
        }
        #expect(throws: FileError.missing(path: file.path + "/c")) {
            try FileError.names(in: file.appendingPathComponent("c"), expected: "a folder")
        }
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
