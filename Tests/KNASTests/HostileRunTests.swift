import Foundation
import Heads
import Selection
import Support
import TestMutations
import Testing

@testable import KNAS

@Suite("Files of runs that are damaged or hostile")
struct HostileRunTests {
    private func temporary(_ name: String) throws -> URL {
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("knas-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        return directory.appendingPathComponent(name)
    }

    @Test("a damaged list of candidates is read or refused with the line")
    func candidates() throws {
        let url = try temporary("candidates.tsv")
        defer { try? FileManager.default.removeItem(at: url.deletingLastPathComponent()) }
        let space = SearchSpace(context: HeadContext(inputWidth: 8, classes: 2, segments: 1))
        var generator = RandomKey(seed: 5).generator()
        try CandidateList.write((0..<6).map { _ in space.sample(using: &generator) }, to: url)
        let whole = [UInt8](try Data(contentsOf: url))
        let mutator = Mutator(
            tokens: ["\t", "\n", " > ", "classifier", "(", ")", "=", "-1"], maximumBytes: 1 << 14)
        for round in 0..<1_000 {
            var generator = RandomKey(seed: 10).child(round).generator()
            try Data(mutator.mutate(whole, using: &generator)).write(to: url)
            do {
                for (id, genotype) in try CandidateList.read(url, in: SearchSpaces(space)) {
                    #expect(id > 0)
                    _ = space.graph(of: genotype)
                }
            } catch {
                #expect(error is RunError, "\(error)")
            }
        }
    }
}
