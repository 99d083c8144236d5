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
    /// Seconds of each stage, summed over the threads, in which a thread did nothing: it had no work, or the
    /// machine was busy with other programs'. `nil` where it was not measured.
    public var idle: [String: Double]?

    /// A cost with known parts.
    public init(
        wallSeconds: Double = 0, cpuSeconds: Double = 0, peakMemoryBytes: Int = 0,
        stages: [String: Double] = [:], idle: [String: Double]? = nil
    ) {
        self.idle = idle
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
    /// Seconds of each stage in which threads did nothing.
    private var idle: [String: Double] = [:]
    /// Seconds of the stages that have ended within the one that is running, and of all processors.
    private var inner = (wall: 0.0, cpu: 0.0)
    /// Threads that stages may use.
    private let threads: Int
    /// Called at the beginning and the end of every stage.
    public var observer: ((_ stage: String, _ cost: Cost) throws -> Void)?

    /// Starts the clock.
    /// - Parameter threads: those that stages may use.
    public init(threads: Int = 1) {
        self.threads = threads
        start = clock.now
    }

    /// Runs a stage and adds its time under its name; the time of a stage within another counts for the
    /// inner one alone.
    /// - Throws: what the stage or the observer throws.
    public func time<Result>(_ stage: String, _ body: () throws -> Result) throws -> Result {
        try observer?(stage, cost)
        let begin = clock.now
        let beginCPU = Stopwatch.cpuSeconds
        let outer = inner
        inner = (0, 0)
        defer {
            let wall = (clock.now - begin).inSeconds
            let cpu = Stopwatch.cpuSeconds - beginCPU
            stages[stage, default: 0] += wall - inner.wall
            idle[stage, default: 0] += max(
                0, Double(threads) * (wall - inner.wall) - (cpu - inner.cpu))
            inner = (outer.wall + wall, outer.cpu + cpu)
            // The error of a failed stage matters more than a time that cannot be noted.
            try? observer?(stage, cost)
        }
        return try body()
    }

    /// Adds what earlier processes of the same run took.
    public func add(_ cost: Cost) {
        earlier = cost
        stages.merge(cost.stages, uniquingKeysWith: +)
        idle.merge(cost.idle ?? [:], uniquingKeysWith: +)
    }

    /// What the run took so far.
    public var cost: Cost {
        Cost(
            wallSeconds: (clock.now - start).inSeconds + (earlier?.wallSeconds ?? 0),
            cpuSeconds: Stopwatch.cpuSeconds - startCPU + (earlier?.cpuSeconds ?? 0),
            peakMemoryBytes: max(Stopwatch.peakMemory, earlier?.peakMemoryBytes ?? 0),
            stages: stages, idle: idle)
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
