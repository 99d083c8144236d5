import Foundation
import Support

/// The files of a run's directory that can be removed for a new run.
public enum RunFiles {
    /// What a run writes in addition to its store.
    public static let results = [
        "leaderboard.csv", "result.json", "report.html", "model", "checkpoints", "heads.csv",
        "linear.csv", "correlation.json", "correlation.html", "scoring",
    ]

    /// Whether a directory holds a run, or results of one.
    public static func holdsRun(_ directory: URL) -> Bool {
        hasStore(directory) || hasResults(directory)
    }

    /// Whether there is a file under the store's name.
    public static func hasStore(_ directory: URL) -> Bool {
        exists(StoreFile.url(directory))
    }

    /// Whether the run in the directory was stopped before it had anything.
    static func holdsNothing(_ directory: URL) -> Bool {
        guard !hasResults(directory), let summary = try? RunStoreSummary(directory) else {
            return false
        }
        return summary.scored + summary.failed + summary.trainings == 0
    }

    static func hasResults(_ directory: URL) -> Bool {
        results.contains { exists(directory.appendingPathComponent($0)) }
    }

    /// Removes a run: results first, the store last, so an interrupted removal can be repeated.
    /// Anything else in the directory stays.
    /// - Throws: `FileError`.
    static func remove(_ directory: URL) throws {
        removeLeftovers(directory)
        let urls =
            results.map { directory.appendingPathComponent($0) }
            + StoreFile.all(directory).reversed()
        for url in urls where exists(url) {
            try FileError.writing(url) { try FileManager.default.removeItem(at: url) }
        }
    }

    /// Removes what a killed process was about to write (`AtomicFile`'s temporary names).
    static func removeLeftovers(_ directory: URL) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        for name in names where name.hasSuffix(".tmp") {
            let parts = name.dropLast(4)
            guard
                results.contains(where: {
                    parts.hasPrefix(".\($0).") && parts.count == $0.count + 10
                })
            else { continue }
            try? FileManager.default.removeItem(at: directory.appendingPathComponent(name))
        }
    }

    /// Whether there is anything, even a dangling link.
    private static func exists(_ url: URL) -> Bool {
        var status = stat()
        return lstat(url.path, &status) == 0
    }
}
