import Foundation
import Heads
import RunStore
import Search
import Support
import Testing

@Suite("Parts of a run")
struct PartTests {
    private let bench: Bench
    private let key = TrainingKey(stage: "finalists", index: 0, genotype: "g")

    init() throws { bench = try Bench() }

    private func part(_ name: String, _ candidates: [Candidate], trains: Bool = false) throws -> URL
    {
        let url = bench.directory.appendingPathComponent("parts/\(name)")
        try RunStore.writePart(url, identity: bench.identity) { store in
            for candidate in candidates { try store.append(candidate) }
            if trains { try store.finish(key, .trained(bench.head())) }
        }
        return url
    }

    @Test("parts merged in any order, and twice, give the candidates of an undivided run")
    func merges() throws {
        defer { bench.remove() }
        let candidates = bench.candidates(20)
        let even = try part("even", candidates.filter { $0.id % 2 == 0 }, trains: true)
        let odd = try part("odd", candidates.filter { $0.id % 2 == 1 })
        let store = try RunStore(creating: bench.directory, identity: bench.identity)
        #expect(try store.merge(odd).candidates == 10)
        for _ in 0..<2 {
            let merged = try store.merge(even)
            #expect(merged.candidates == 10 && merged.trainings == 1)
        }
        #expect(try store.candidates(in: SearchSpaces(bench.space)) == candidates)
        let head = try #require(try store.training(key, of: bench.graph())?.head)
        #expect(try head.bits == bench.head().bits)
        try store.close()
        #expect(try RunStore.identity(ofRun: bench.directory) == bench.identity)
        // Nothing is left beside the parts.
        let files = try FileManager.default.contentsOfDirectory(
            atPath: bench.directory.appendingPathComponent("parts").path)
        #expect(Set(files) == ["even", "odd"])
    }

    @Test("a part of another run is refused, and nothing of it is taken over")
    func foreign() throws {
        defer { bench.remove() }
        var other = bench
        other.identity.seed = 8
        let url = bench.directory.appendingPathComponent("part")
        try RunStore.writePart(url, identity: other.identity) {
            try $0.append(bench.candidates(1)[0])
        }
        let store = try RunStore(creating: bench.directory, identity: bench.identity)
        #expect(
            throws: RunStoreError.foreignPart(
                path: url.path, field: "seed", stored: "7", given: "8")
        ) { try store.merge(url) }
        #expect(try store.candidates(in: SearchSpaces(bench.space)).isEmpty)
        try store.close()
    }

    @Test("a part that is cut, damaged or no part at all is an error")
    func damaged() throws {
        defer { bench.remove() }
        let url = try part("whole", bench.candidates(12), trains: true)
        let bytes = try Data(contentsOf: url)
        let store = try RunStore(creating: bench.directory, identity: bench.identity)
        let broken = bench.directory.appendingPathComponent("broken")
        for count in [0, 1, 99, 4096, bytes.count / 2] {
            try bytes.prefix(count).write(to: broken)
            let error = #expect(throws: (any Error).self) { try store.merge(broken) }
            #expect(error is any DiagnosedError)
        }
        // Any changed byte is noticed or does no harm: what arrives is what was sent.
        var generator = RandomKey(seed: 5).generator()
        for _ in 0..<200 {
            var changed = bytes
            changed[generator.index(below: bytes.count)] ^= UInt8(1 + generator.index(below: 255))
            try changed.write(to: broken)
            do {
                _ = try store.merge(broken)
            } catch is any DiagnosedError {}
        }
        let sent = Set(bench.candidates(12))
        #expect(try store.candidates(in: SearchSpaces(bench.space)).allSatisfy(sent.contains))
        #expect(throws: FileError.self) {
            try store.merge(bench.directory.appendingPathComponent("absent"))
        }
        try store.close()
    }

    @Test("a part whose making fails leaves nothing")
    func fails() throws {
        defer { bench.remove() }
        let url = bench.directory.appendingPathComponent("part")
        #expect(throws: CancellationError.self) {
            try RunStore.writePart(url, identity: bench.identity) { _ in throw CancellationError() }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: bench.directory.path).isEmpty)
    }
}
