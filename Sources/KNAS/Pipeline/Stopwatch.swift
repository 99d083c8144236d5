import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Times the stages of a run.
final class Stopwatch {
    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant
    private let startCPU = Stopwatch.cpuSeconds
    /// What earlier processes of the same run took.
    private var earlier: RunResult.Cost?
    private(set) var stages: [String: Double] = [:]
    /// Told at the beginning and the end of every stage.
    var observer: ((_ stage: String, _ cost: RunResult.Cost) throws -> Void)?

    init() { start = clock.now }

    /// Runs a stage and adds its time under its name.
    /// - Throws: what the stage or the observer throws.
    func time<Result>(_ stage: String, _ body: () throws -> Result) throws -> Result {
        try observer?(stage, cost)
        let begin = clock.now
        defer {
            stages[stage, default: 0] += Stopwatch.seconds(clock.now - begin)
            // The error of a failed stage matters more than that its time cannot be noted.
            try? observer?(stage, cost)
        }
        return try body()
    }

    /// Adds what earlier processes of the same run took.
    func add(_ cost: RunResult.Cost) {
        earlier = cost
        stages.merge(cost.stages, uniquingKeysWith: +)
    }

    /// What the run took so far.
    var cost: RunResult.Cost {
        RunResult.Cost(
            wallSeconds: Stopwatch.seconds(clock.now - start) + (earlier?.wallSeconds ?? 0),
            cpuSeconds: Stopwatch.cpuSeconds - startCPU + (earlier?.cpuSeconds ?? 0),
            peakMemoryBytes: max(Stopwatch.peakMemory, earlier?.peakMemoryBytes ?? 0),
            stages: stages)
    }

    private static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
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
