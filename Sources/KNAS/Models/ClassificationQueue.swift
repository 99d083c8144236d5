import Foundation
import Support

/// Classifies texts for many callers at once: those that wait are classified together.
///
///     let queue = try ClassificationQueue(TextClassifier(contentsOf: url))
///     let answers = try await queue.classify([TextClassifier.Input("More towels, please")])
///
/// Callers wait without holding a thread. A worker takes the text that has waited longest, and others of
/// about its length, so that a short text does not wait for the longest ones. The answers are those
/// of ``TextClassifier/classify(_:abstain:)`` within 1e-5 of a probability. Where
/// ``Limits/waiting`` texts wait, more are refused at once: a queue that grows helps nobody. A
/// caller whose task is cancelled gives up the places of its texts.
public final class ClassificationQueue: @unchecked Sendable {
    /// How much may wait, and how much is classified together.
    public struct Limits: Sendable, Hashable {
        /// Texts that may wait at a time, in all.
        public var waiting: Int
        /// Texts that a worker takes at a time.
        public var batch: Int
        /// Bytes of UTF-8 that a worker takes at a time, unless one text alone has more. A longer batch
        /// is hardly faster, and those who wait for it wait longer.
        public var batchBytes: Int

        public init(waiting: Int = 4096, batch: Int = 64, batchBytes: Int = 8192) {
            self.waiting = waiting
            self.batch = batch
            self.batchBytes = batchBytes
        }
    }

    /// What a worker has done at a time.
    public struct Batch: Sendable {
        /// Texts that were classified together.
        public let texts: Int
        /// Wall seconds that it took.
        public let seconds: Double
    }

    /// What the queue classifies with.
    public let classifier: TextClassifier
    public let limits: Limits
    private let observer: (@Sendable (Batch) -> Void)?

    /// Guards everything below, and all jobs.
    private let lock = NSLock()
    /// In the order of arrival.
    private var texts: [Waiting] = []
    /// Classifiers that nobody works with. Each serves one worker.
    private var idle: [TextClassifier]
    /// Workers, at work or not.
    private let workers: Int
    /// Texts that are being classified.
    private var taken = 0
    private var isClosed = false

    /// - Parameters:
    ///   - classifier: what answers; every worker has one with the same weights.
    ///   - workers: batches that are classified at a time, on one thread each.
    ///   - limits: how much may wait, and how much is classified together.
    ///   - observer: told about every batch, on any thread.
    /// - Throws: `EncoderError`, `TensorError`, `NoMemory`.
    public init(
        _ classifier: TextClassifier, workers: Int = Parallel.availableThreads,
        limits: Limits = Limits(), observer: (@Sendable (Batch) -> Void)? = nil
    ) throws {
        self.classifier = classifier
        self.limits = limits
        self.observer = observer
        self.workers = max(1, workers)
        idle = try (0..<self.workers).map { _ in try classifier.sharingWeights(threads: 1) }
    }

    /// Texts that wait.
    public var waiting: Int { lock.withLock { texts.count } }

    /// Refuses whatever comes from now on. What waits is still classified.
    public func close() { lock.withLock { isClosed = true } }

    /// Classifies texts or pairs together with those of other callers; results are in the same order.
    /// - Parameters:
    ///   - inputs: texts, or pairs for models of pairs.
    ///   - abstain: as ``TextClassifier/classify(_:abstain:)``; callers with different ones are still classified
    ///     together.
    ///   - limit: the longest wait; the rest of the work is given up then.
    /// - Throws: ``ClassificationQueueError``, `CancellationError`, and what
    ///   ``TextClassifier/classify(_:abstain:)`` throws. A text that cannot be classified is an error
    ///   for the caller who brought it, not for others.
    public func classify(
        _ inputs: [TextClassifier.Input], abstain: Double? = nil, within limit: Duration? = nil
    ) async throws -> [TextClassifier.Classification] {
        try classifier.check(inputs)
        if let abstain { try classifier.checkAbstaining(abstain) }
        guard !inputs.isEmpty else { return [] }
        var results = try await answers(to: inputs, within: limit)
        if let abstain {
            for place in results.indices { classifier.remain(in: &results[place], abstain) }
        }
        return results
    }

    private func answers(
        to inputs: [TextClassifier.Input], within limit: Duration?
    ) async throws -> [TextClassifier.Classification] {
        guard let limit else { return try await answers(to: inputs) }
        return try await withThrowingTaskGroup(of: [TextClassifier.Classification].self) { group in
            group.addTask { try await self.answers(to: inputs) }
            group.addTask {
                try await Task.sleep(for: limit)
                throw ClassificationQueueError.late(limit: limit)
            }
            defer { group.cancelAll() }
            return try await group.next() ?? []
        }
    }

    private func answers(
        to inputs: [TextClassifier.Input]
    ) async throws -> [TextClassifier.Classification] {
        let job = Job(count: inputs.count)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                add(inputs, of: job, continuation)
            }
        } onCancel: {
            end(job, with: CancellationError())
        }
    }

    // MARK: - The queue

    private func add(
        _ inputs: [TextClassifier.Input], of job: Job, _ continuation: Job.Continuation
    ) {
        let failure: (any Error)? = lock.withLock {
            if job.isOver { return CancellationError() }
            if isClosed { return ClassificationQueueError.closed }
            guard texts.count + inputs.count <= limits.waiting else {
                return ClassificationQueueError.full(waiting: texts.count, limit: limits.waiting)
            }
            job.continuation = continuation
            texts += inputs.enumerated().map { Waiting(input: $1, job: job, place: $0) }
            for _ in 0..<min(inputs.count, idle.count) {
                let classifier = idle.removeLast()
                // A thread of its own: on Linux those of Dispatch also run tasks, and whoever brings more
                // texts would wait for a batch to end, so that batches stay small.
                let worker = Thread { self.work(with: classifier) }
                worker.stackSize = 8 << 20
                worker.start()
            }
            return nil
        }
        if let failure { continuation.resume(throwing: failure) }
    }

    /// Answers a job with an error, unless it has been answered, and forgets its texts.
    private func end(_ job: Job, with error: any Error) {
        let continuation = lock.withLock {
            let continuation = job.finish()
            // Those that a worker has taken are classified for nothing.
            if continuation != nil { texts.removeAll { $0.job === job } }
            return continuation
        }
        continuation?.resume(throwing: error)
    }

    /// Takes texts and answers them until none waits.
    private func work(with classifier: TextClassifier) {
        while let batch = take(returning: classifier) {
            let start = ContinuousClock.now
            classify(batch, with: classifier)
            observer?(Batch(texts: batch.count, seconds: (ContinuousClock.now - start).inSeconds))
            lock.withLock { taken -= batch.count }
            waitForOthers(after: batch.count)
        }
    }

    /// Those who were answered just now bring their next texts within a moment. A batch of the first of them would
    /// take nearly as long as one of all, and the others would wait for it.
    /// - Parameter count: texts that were answered. Who asks alone does not wait.
    private func waitForOthers(after count: Int) {
        guard count > 1 else { return }
        var before = -1
        for _ in 0..<4 {
            let now = waiting
            // Enough, or no more come.
            guard now < limits.batch, now != before else { return }
            before = now
            Thread.sleep(forTimeInterval: 0.001)
        }
    }

    /// The next texts; where there are none, the worker is done with its classifier.
    private func take(returning classifier: TextClassifier) -> [Waiting]? {
        lock.withLock {
            guard let oldest = texts.first else {
                idle.append(classifier)
                return nil
            }
            // A fair part of all, so that no worker is left with a text or two while another has dozens: small
            // batches are slow for each of their texts.
            let share = min(limits.batch, (texts.count + taken + workers - 1) / workers)
            let near =
                texts.indices.dropFirst().map { (abs(texts[$0].bytes - oldest.bytes), $0) }
                .sorted { $0 < $1 }
            var (places, bytes) = ([0], oldest.bytes)
            for (_, place) in near.prefix(share - 1) {
                bytes += texts[place].bytes
                if bytes > limits.batchBytes { break }
                places.append(place)
            }
            let batch = places.map { texts[$0] }
            let chosen = Set(places)
            texts = texts.indices.filter { !chosen.contains($0) }.map { texts[$0] }
            taken += batch.count
            return batch
        }
    }

    private func classify(_ batch: [Waiting], with classifier: TextClassifier) {
        do {
            let answers = try classifier.classify(batch.map(\.input))
            for (text, answer) in zip(batch, answers) { deliver(answer, to: text) }
        } catch {
            // One text must not fail those that happen to be with it.
            guard batch.count > 1 else { return end(batch[0].job, with: error) }
            for text in batch { classify([text], with: classifier) }
        }
    }

    private func deliver(_ answer: TextClassifier.Classification, to text: Waiting) {
        let job = text.job
        let complete: (Job.Continuation, [TextClassifier.Classification])? = lock.withLock {
            job.answers[text.place] = answer
            job.missing -= 1
            guard job.missing == 0, let continuation = job.finish() else { return nil }
            return (continuation, job.answers.compactMap { $0 })
        }
        complete?.0.resume(returning: complete?.1 ?? [])
    }

    /// A text, and where its answer goes.
    private struct Waiting {
        let input: TextClassifier.Input
        let job: Job
        let place: Int
        /// A measure of how long it takes.
        let bytes: Int

        init(input: TextClassifier.Input, job: Job, place: Int) {
            self.input = input
            self.job = job
            self.place = place
            bytes = input.text.utf8.count + (input.pair?.utf8.count ?? 0)
        }
    }

    /// What one caller waits for; guarded by the queue's lock.
    private final class Job: @unchecked Sendable {
        typealias Continuation = CheckedContinuation<[TextClassifier.Classification], any Error>

        var answers: [TextClassifier.Classification?]
        var missing: Int
        var continuation: Continuation?
        private(set) var isOver = false

        init(count: Int) {
            answers = Array(repeating: nil, count: count)
            missing = count
        }

        /// Whom to answer, the first time.
        func finish() -> Continuation? {
            isOver = true
            defer { continuation = nil }
            return continuation
        }
    }
}

/// Why a queue does not classify.
public enum ClassificationQueueError: DiagnosedError, Equatable {
    /// As many texts wait as may.
    case full(waiting: Int, limit: Int)
    /// The wait took too long.
    case late(limit: Duration)
    /// The queue takes no more.
    case closed

    public var kind: ErrorKind { .internalError }

    public var description: String {
        switch self {
        case .full(let waiting, let limit):
            "\(waiting) texts wait already, at most \(limit) may: try again later"
        case .late(let limit): "no answer within \(limit.inSeconds) seconds"
        case .closed: "no more texts are taken"
        }
    }
}
