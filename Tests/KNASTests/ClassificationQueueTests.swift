import Dispatch
import Foundation
import KNAS
import Support
import TestSupport
import Testing

@Suite("A queue of texts to classify")
struct ClassificationQueueTests {
    private let scene: PortfolioScene
    private let classifier: TextClassifier

    init() throws {
        scene = try PortfolioScene([.joint], hasPairs: false)
        classifier = try TextClassifier(contentsOf: scene.url, threads: 2)
    }

    /// Holds up the worker after every batch, until it is opened.
    private final class Gate: @unchecked Sendable {
        private let semaphore = DispatchSemaphore(value: 0)
        private let lock = NSLock()
        private var texts: [Int] = []

        var batches: [Int] { lock.withLock { texts } }

        func pass(_ batch: ClassificationQueue.Batch) {
            lock.withLock { texts.append(batch.texts) }
            semaphore.wait()
        }

        func open(for batches: Int) { for _ in 0..<batches { semaphore.signal() } }
    }

    /// A queue whose only worker is at the gate.
    private func heldUp(
        _ gate: Gate, _ limits: ClassificationQueue.Limits = .init()
    ) async throws -> ClassificationQueue {
        let queue = try ClassificationQueue(
            classifier, workers: 1, limits: limits, observer: gate.pass)
        _ = try await queue.classify([.init("a good day")])
        return queue
    }

    private func wait(until condition: () -> Bool) async throws {
        while !condition() { try await Task.sleep(for: .milliseconds(1)) }
    }

    @Test("the answers to many callers at once are those to each alone, within 1e-5")
    func sameAnswers() async throws {
        defer { scene.remove() }
        let inputs = (1...60).map { length in
            TextClassifier.Input(
                (0..<length % 13 + 1).map { "fox\($0 * length)" }.joined(separator: " "))
        }
        let queue = try ClassificationQueue(classifier, workers: 2)
        let answers = try await withThrowingTaskGroup { group in
            for (place, input) in inputs.enumerated() {
                group.addTask {
                    // Some bring several.
                    let mine = [input] + inputs.prefix(place % 4)
                    return (place, try await queue.classify(mine))
                }
            }
            var answers: [Int: [TextClassifier.Classification]] = [:]
            for try await (place, answer) in group { answers[place] = answer }
            return answers
        }
        let alone = try inputs.map { try classifier.classify([$0])[0] }
        for (place, answer) in answers {
            let expected = [alone[place]] + alone.prefix(place % 4)
            #expect(answer.count == expected.count)
            for (one, other) in zip(answer, expected) {
                #expect(one.label == other.label)
                #expect(
                    zip(one.probabilities, other.probabilities).allSatisfy { abs($0 - $1) < 1e-5 })
            }
        }
        #expect(queue.waiting == 0)
    }

    @Test("what waits is classified together, up to the limits of a batch")
    func batches() async throws {
        defer { scene.remove() }
        let gate = Gate()
        let queue = try await heldUp(gate, .init(batch: 5, batchBytes: 100))
        let callers = (0..<8).map { number in
            Task { try await queue.classify([.init("fox \(number)")]) }
        }
        try await wait { queue.waiting == 8 }
        let long = Task {
            try await queue.classify([.init(String(repeating: "fox ", count: 90))])
        }
        try await wait { queue.waiting == 9 }
        gate.open(for: 10)
        for caller in callers + [long] { _ = try await caller.value }
        try await wait { gate.batches.count == 4 }
        #expect(gate.batches == [1, 5, 3, 1])
    }

    @Test("beyond the limit of what may wait, texts are refused at once; those that wait are not")
    func full() async throws {
        defer { scene.remove() }
        let gate = Gate()
        let queue = try await heldUp(gate, .init(waiting: 3))
        let first = Task { try await queue.classify([.init("good"), .init("bad")]) }
        try await wait { queue.waiting == 2 }
        await #expect(throws: ClassificationQueueError.full(waiting: 2, limit: 3)) {
            try await queue.classify([.init("one"), .init("two")])
        }
        gate.open(for: 2)
        #expect(try await first.value.count == 2)
        // A closed queue takes no more.
        queue.close()
        await #expect(throws: ClassificationQueueError.closed) {
            try await queue.classify([.init("one")])
        }
    }

    @Test("a caller who is cancelled or waits too long gives up the places of its texts")
    func departed() async throws {
        defer { scene.remove() }
        let gate = Gate()
        let queue = try await heldUp(gate)
        let caller = Task { try await queue.classify([.init("good"), .init("bad")]) }
        let other = Task { try await queue.classify([.init("fox")]) }
        try await wait { queue.waiting == 3 }
        caller.cancel()
        await #expect(throws: CancellationError.self) { try await caller.value }
        #expect(queue.waiting == 1)
        await #expect(throws: ClassificationQueueError.late(limit: .milliseconds(5))) {
            try await queue.classify([.init("late")], within: .milliseconds(5))
        }
        #expect(queue.waiting == 1)
        gate.open(for: 2)
        #expect(try await other.value == [try classifier.classify("fox")])
    }

    @Test("two texts for a model of single texts are refused before they wait")
    func wrongInput() async throws {
        defer { scene.remove() }
        let queue = try ClassificationQueue(classifier, workers: 1)
        await #expect(throws: (any Error).self) {
            try await queue.classify([.init("good", pair: "bad")])
        }
        #expect(try await queue.classify([]).isEmpty)
    }
}
