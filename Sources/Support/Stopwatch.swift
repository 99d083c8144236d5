import Foundation

/// What a piece of work took.
public struct Cost: Sendable, Hashable, Codable {
    /// Seconds from start to end, summed over all processes of a resumed run.
    public var wallSeconds: Double
    /// Processor seconds of all threads, user and system.
    public var cpuSeconds: Double
    /// Largest resident size in bytes, mapped files included.
    public var peakMemoryBytes: Int
    /// Wall seconds of each stage.
    public var stages: [String: Double]

    /// A cost with known parts.
    public init(
        wallSeconds: Double = 0, cpuSeconds: Double = 0, peakMemoryBytes: Int = 0,
        stages: [String: Double] = [:]
    ) {
        self.wallSeconds = wallSeconds
        self.cpuSeconds = cpuSeconds
        self.peakMemoryBytes = peakMemoryBytes
        self.stages = stages
    }
}

/// Times the stages of a run.
public final class Stopwatch {
    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant
    private let startCPU = Stopwatch.cpuSeconds
    /// What earlier processes of the same run took.
    private var earlier: Cost?
    private var stages: [String: Double] = [:]
    /// Seconds of the stages that have ended within the one that is running.
    private var inner = 0.0
    /// Called at the beginning and the end of every stage.
    public var observer: ((_ stage: String, _ cost: Cost) throws -> Void)?

    /// Starts the clock.
    public init() { start = clock.now }

    /// Runs a stage and adds its time under its name; the time of a stage within another counts for the
    /// inner one alone.
    /// - Throws: what the stage or the observer throws.
    public func time<Result>(_ stage: String, _ body: () throws -> Result) throws -> Result {
        try observer?(stage, cost)
        let begin = clock.now
        let outer = inner
        inner = 0
        defer {
            let seconds = (clock.now - begin).inSeconds
            stages[stage, default: 0] += seconds - inner
            inner = outer + seconds
            // The error of a failed stage matters more than a time that cannot be noted.
            try? observer?(stage, cost)
        }
        return try body()
    }

    /// Adds what earlier processes of the same run took.
    public func add(_ cost: Cost) {
        earlier = cost
        stages.merge(cost.stages, uniquingKeysWith: +)
    }

    /// What the run took so far.
    public var cost: Cost {
        Cost(
            wallSeconds: (clock.now - start).inSeconds + (earlier?.wallSeconds ?? 0),
            cpuSeconds: Stopwatch.cpuSeconds - startCPU + (earlier?.cpuSeconds ?? 0),
            peakMemoryBytes: max(Stopwatch.peakMemory, earlier?.peakMemoryBytes ?? 0),
            stages: stages)
    }

    private static var usage: rusage {
        var usage = rusage()
        #if canImport(Glibc)
            getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        #else
            getrusage(RUSAGE_SELF, &usage)
        #endif
        return usage
    }

    /// Processor time of the process, user and system.
    private static var cpuSeconds: Double {
        let usage = usage
        return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
            + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6
    }

    /// Largest resident size of the process in bytes, mapped files included.
    private static var peakMemory: Int {
        #if canImport(Darwin)
            Int(usage.ru_maxrss)
        #else
            Int(usage.ru_maxrss) * 1024
        #endif
    }
}
