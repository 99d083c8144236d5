import Foundation

/// What this process uses.
struct ProcessUsage {
    let cpuSeconds: Double
    /// 0 where the system does not say.
    let residentBytes: Int
    let openDescriptors: Int

    static var current: ProcessUsage {
        var usage = rusage()
        #if canImport(Glibc)
            getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        #else
            getrusage(RUSAGE_SELF, &usage)
        #endif
        let cpu =
            Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
            + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6
        // The second number is the resident pages.
        let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?
            .split(separator: " ").dropFirst().first.flatMap { Int($0) }
        let descriptors = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
        return ProcessUsage(
            cpuSeconds: cpu, residentBytes: (pages ?? 0) * Int(getpagesize()),
            openDescriptors: descriptors?.count ?? 0)
    }
}
