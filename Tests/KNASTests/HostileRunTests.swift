import Foundation
import Heads
import Scoring
import Support
import TestMutations
import Testing
import Training

@testable import KNAS

@Suite("Files of runs and studies that are damaged or hostile")
struct HostileRunTests {
    private func temporary(_ name: String) throws -> URL {
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("knas-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        return directory.appendingPathComponent(name)
    }

    private func record(_ index: Int, sizes: [Int] = [4, 4]) -> HeadRecord {
        let epoch = EpochRecord(
            epoch: 1, trainingLoss: 0.5, devAccuracy: 0.75, devScore: 0.75,
            devCrossEntropy: 0.5)
        return HeadRecord(
            index: index, genotype: "g", parameters: 3,
            scores: ["mgm": ScoreSummary(mean: 1, spread: 0)], scoring: "s",
            trainings: (0..<2).map { _ in
                HeadRecord.Training(folds: [[epoch], [epoch]], sizes: sizes)
            })
    }

    /// A journal of some records, as a study writes it.
    private func journal(_ records: [HeadRecord], at url: URL) throws {
        let journal = try StudyJournal(url, identity: "i", repeats: 2, resume: false)
        for record in records { try journal.append(record) }
    }

    @Test("a journal's record that cannot be counted with is studied again, not believed")
    func records() throws {
        let url = try temporary("heads.jsonl")
        defer { try? FileManager.default.removeItem(at: url.deletingLastPathComponent()) }
        try journal(
            [record(0), record(1, sizes: [.max, .max]), record(-2), record(3, sizes: [1])], at: url)
        let resumed = try StudyJournal(url, identity: "i", repeats: 2, resume: true)
        #expect(Array(resumed.finished.keys) == [0])
        try journal([record(0)], at: url)
        #expect(
            try StudyJournal(url, identity: "i", repeats: 3, resume: true).finished.isEmpty)
    }

    @Test("a damaged journal is read, or is of another study")
    func journals() throws {
        let url = try temporary("heads.jsonl")
        defer { try? FileManager.default.removeItem(at: url.deletingLastPathComponent()) }
        try journal([record(0), record(1)], at: url)
        let whole = [UInt8](try Data(contentsOf: url))
        let mutator = Mutator(
            tokens: ["{", "}", "[", "]", ",", "\n", "null", "\"index\":", "\"sizes\":[", "1e400"],
            maximumBytes: 1 << 14)
        for round in 0..<1_000 {
            var generator = RandomKey(seed: 9).child(round).generator()
            try Data(mutator.mutate(whole, using: &generator)).write(to: url)
            do {
                let journal = try StudyJournal(url, identity: "i", repeats: 2, resume: true)
                for record in journal.finished.values { _ = (record.accuracy, record.loss) }
            } catch {
                #expect(error is any DiagnosedError, "\(error)")
            }
        }
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
                for (id, genotype) in try CandidateList.read(url, in: space) {
                    #expect(id > 0)
                    _ = space.graph(of: genotype)
                }
            } catch {
                #expect(error is RunError, "\(error)")
            }
        }
    }
}
