import Dispatch
import Foundation

/// Work on all cores, split into parts that do not depend on the number of threads.
public enum Parallel {
    /// Cores that this process may use.
    public static var availableThreads: Int { ProcessInfo.processInfo.activeProcessorCount }

    /// Calls `body` once for each index below `count`, on up to `threads` threads.
    ///
    /// Indices are handed out in order, one at a time, so parts of unequal size balance out. The
    /// second argument of `body` is the number of the thread (below `threads`), for scratch memory.
    /// Results must depend on the index only: then the number of threads cannot change them.
    ///
    /// - Throws: the error of the lowest index that failed; later indices may not have been started.
    public static func forEach<Failure: Error>(
        count: Int, threads: Int,
        _ body: @Sendable (_ index: Int, _ thread: Int) throws(Failure) -> Void
    ) throws(Failure) {
        let workers = max(1, min(threads, count))
        if workers == 1 {
            for index in 0..<count { try body(index, 0) }
            return
        }
        let state = Shared<Failure>(count: count)
        DispatchQueue.concurrentPerform(iterations: workers) { thread in
            while let index = state.next() {
                do throws(Failure) {
                    try body(index, thread)
                } catch {
                    state.fail(index, error)
                }
            }
        }
        if let error = state.firstError { throw error }
    }

    /// Maps each index below `count` on up to `threads` threads; results are in order of the index.
    /// - Throws: the error of the lowest index that failed.
    public static func map<Result: Sendable, Failure: Error>(
        count: Int, threads: Int,
        _ body: @Sendable (_ index: Int, _ thread: Int) throws(Failure) -> Result
    ) throws(Failure) -> [Result] {
        let results = Results<Result>(count: count)
        try forEach(count: count, threads: threads) { (index, thread) throws(Failure) in
            results.set(index, try body(index, thread))
        }
        return results.all()
    }

    /// Hands out indices and remembers the first failure.
    private final class Shared<Failure: Error>: @unchecked Sendable {
        private let lock = NSLock()
        private let count: Int
        private var position = 0
        private var failure: (index: Int, error: Failure)?

        init(count: Int) { self.count = count }

        func next() -> Int? {
            lock.withLock {
                guard failure == nil, position < count else { return nil }
                defer { position += 1 }
                return position
            }
        }

        func fail(_ index: Int, _ error: Failure) {
            lock.withLock {
                if failure == nil || index < failure!.index { failure = (index, error) }
            }
        }

        var firstError: Failure? { lock.withLock { failure?.error } }
    }

    private final class Results<Value: Sendable>: @unchecked Sendable {
        private let lock = NSLock()
        private var values: [Value?]

        init(count: Int) { values = Array(repeating: nil, count: count) }

        func set(_ index: Int, _ value: Value) { lock.withLock { values[index] = value } }
        func all() -> [Value] { lock.withLock { values.map { $0! } } }
    }
}

extension Range<Int> {
    /// The range cut from its start into pieces of `size`; the last may be shorter.
    public func pieces(of size: Int) -> [Range<Int>] {
        stride(from: lowerBound, to: upperBound, by: size).map {
            $0..<Swift.min($0 + size, upperBound)
        }
    }
}
