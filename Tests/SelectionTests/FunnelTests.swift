import Foundation
import Graphs
import Heads
import Metrics
import RunStore
import Support
import TestSupport
import Testing
import Training

@testable import Selection

@Suite("The funnel")
struct FunnelTests {
    private static let stage = "heads"

    private func run(
        _ contest: Contest, _ heads: [Genotype]
    ) throws -> (contestants: [Entry], left: [Entry]) {
        try Funnel(contest: contest).run(
            heads, roles: (.contestant, .tried), stageName: Self.stage)
    }

    @Test("contestants have the bits of trainings that never paused, also within an epoch")
    func weights() throws {
        // More rows than the first round takes.
        let scene = try SelectionScene(train: 2100, dev: 100)
        let heads = scene.heads(7)
        let (contestants, left) = try run(scene.contest(), heads)
        #expect(contestants.map(\.role) == [.contestant, .contestant])
        let fresh = scene.contest(threads: 1)
        #expect(fresh.parts == 5)
        let jobs = contestants.flatMap { entry in (0..<5).map { fresh.job(entry, part: $0) } }
        let whole = try fresh.trainings.train(jobs, fresh.key, stageName: "plain")
        let replicas = contestants.flatMap(\.replicas)
        #expect(replicas.count == 10)
        for (head, plain) in zip(replicas, whole) {
            #expect(head.history == plain?.history && head.history.count == 4)
            #expect(head.parameters.storage.array == plain?.parameters.storage.array)
            #expect(head.dev.probabilities == plain?.dev.probabilities)
        }

        // Of seven heads three go on to the second round, and two to the end.
        #expect(left.map(\.rounds) == [2, 1, 1, 1, 1] && contestants.map(\.rounds) == [0, 0])
        #expect(left.allSatisfy { $0.role == .tried && $0.replicas.isEmpty })
        // On dev and a fold of train, which together have 300 rows.
        #expect(left.map(\.trials.count) == [2, 2, 2, 2, 2])
        #expect(left.map { $0.rowsInFunnel(of: 2100) } == [8400, 4000, 4000, 4000, 4000])
        #expect(contestants.map { $0.rowsInFunnel(of: 2100) } == [0, 0])
        #expect(left.map { $0.trials[0]?.history.count } == [2, 1, 1, 1, 1])
        #expect(Set((contestants + left).map(\.genotype)) == Set(heads))
        let work = Funnel.work(left, trainRows: 2100) { _, rows in Double(rows) }
        #expect(work == 24_400)
    }

    @Test("threads, a store and stops between and within the rounds change nothing")
    func stops() throws {
        let scene = try SelectionScene()
        let heads = scene.heads(8)
        func prints(_ found: (contestants: [Entry], left: [Entry])) -> [[Fingerprint]] {
            [found.contestants.map(Fingerprint.init), found.left.map(Fingerprint.init)]
        }
        let plain = try prints(run(scene.contest(threads: 1), heads))
        let directory = try Directory()
        defer { directory.remove() }
        let stops = [
            ("\(Self.stage), round 1", 3), ("\(Self.stage), round 2", 0),
            ("\(Self.stage), round 2", 2), (Self.stage, 1), (Self.stage, 6),
        ]
        for (stage, count) in stops {
            let reports = Reports()
            #expect(throws: Interrupted.self) {
                try directory.withStore { memo in
                    try run(
                        scene.contest(memo: memo) {
                            $0.stage == stage && reports.isAfter(count) ? .stop : .more
                        }, heads)
                }
            }
        }
        for _ in 0..<2 {
            let found = try directory.withStore { try run(scene.contest(memo: $0), heads) }
            #expect(prints(found) == plain)
        }
    }

    private final class Reports: @unchecked Sendable {
        private let lock = NSLock()
        private var count = 0
        private(set) var last: [String: WorkProgress] = [:]

        func isAfter(_ limit: Int) -> Bool {
            lock.withLock {
                count += 1
                return count > limit
            }
        }

        func note(_ progress: WorkProgress) -> ProgressResponse {
            lock.withLock {
                if progress.completed >= last[progress.stage]?.completed ?? 0 {
                    last[progress.stage] = progress
                }
                return .more
            }
        }
    }

    @Test("every stage reports that it has come to its end, and no further")
    func progress() throws {
        let scene = try SelectionScene(train: 2100)
        let reports = Reports()
        _ = try run(scene.contest(progress: reports.note), scene.heads(6))
        let stages = ["\(Self.stage), round 1", "\(Self.stage), round 2", Self.stage]
        #expect(Set(reports.last.keys) == Set(stages))
        for stage in stages {
            let last = try #require(reports.last[stage])
            #expect(last.completed == last.total, "\(last)")
        }
    }

    @Test("heads that diverge leave; where none can be trained that is an error")
    func divergence() throws {
        let scene = try SelectionScene(noise: [2, .infinity])
        let (sound, broken) = (scene.heads(3, view: 0), scene.heads(3, view: 1))
        let (contestants, left) = try run(scene.contest(), broken + sound)
        #expect(contestants.count == 2 && contestants.allSatisfy { sound.contains($0.genotype) })
        #expect(Set(left.map(\.genotype)).isSuperset(of: broken) && left.count == 4)
        for entry in left where broken.contains(entry.genotype) {
            #expect(entry.trials.allSatisfy { $0 == nil } && !entry.isSound)
            #expect(entry.heldOutScore == nil && entry.rounds == 1)
        }
        // So few that there is no round: they diverge while they are tried.
        let few = try run(scene.contest(), [broken[0], sound[0]])
        #expect(few.contestants.map(\.genotype) == [sound[0]])
        #expect(few.left.map(\.role) == [.tried])
        for heads in [broken, [broken[0]]] {
            #expect(throws: TrainingError.self) { try run(scene.contest(), heads) }
        }
    }

    @Test("no more heads than places: all are contestants, in their order")
    func few() throws {
        let scene = try SelectionScene()
        let heads = scene.heads(2)
        let (contestants, left) = try run(scene.contest(), heads)
        #expect(contestants.map(\.genotype) == heads && left.isEmpty)
        #expect(contestants.allSatisfy { $0.trials.count == 5 && $0.replicas.count == 5 })
    }

    @Test("heads are ranked by the sum of their ranks in accuracy and cross entropy")
    func ranking() throws {
        let scene = try SelectionScene()
        let genotype = scene.heads(1)[0]
        func entry(_ truth: [Float]?) throws -> Entry {
            let contest = scene.contest()
            let head = try truth.map { truth in
                let graph = scene.spaces.graph(of: genotype)
                return TrainedHead(
                    graph: graph, parameters: ParameterSet(graph), history: [], bestEpoch: 1,
                    dev: try Predictions(
                        labels: truth.map { _ in 0 }, probabilities: truth.map { [$0, 1 - $0] }))
            }
            return contest.entry(.contestant, genotype).seen([head.map(TrainingOutcome.init)])
        }
        // The most accurate is hardly sure of anything; the second errs once, but is sure otherwise.
        let timid = try entry([0.51, 0.51, 0.51, 0.51])
        let good = try entry([0.9, 0.9, 0.9, 0.45])
        let half = try entry([0.95, 0.95, 0.4, 0.4])
        let diverged = try entry(nil)
        #expect(Funnel.ranking([timid, good, half]) == [1, 0, 2])
        #expect(Funnel.ranking([diverged, half, half, good, timid]) == [3, 4, 1, 2, 0])
    }
}
