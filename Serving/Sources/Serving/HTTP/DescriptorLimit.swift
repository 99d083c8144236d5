import Foundation

/// How many files and connections this process may have open.
enum DescriptorLimit {
    /// What files, threads' ends and whatever else need.
    private static let reserve = 64

    /// Raises the limit as far as is allowed, and says how many connections there is room for: one too
    /// many would be an error of the port that others are accepted on.
    static func roomForConnections() -> Int {
        var limit = rlimit()
        #if canImport(Glibc)
            let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
            let resource = RLIMIT_NOFILE
        #endif
        guard getrlimit(resource, &limit) == 0 else { return .max }
        limit.rlim_cur = limit.rlim_max
        setrlimit(resource, &limit)
        guard getrlimit(resource, &limit) == 0 else { return .max }
        return max(1, Int(clamping: limit.rlim_cur) - reserve)
    }
}
