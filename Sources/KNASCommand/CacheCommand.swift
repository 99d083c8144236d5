import ArgumentParser
import Features
import Foundation
import Support

struct CacheCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache", abstract: "Shows and clears the cached features.",
        discussion: """
            What encoders make of texts is kept in $KNAS_CACHE (else $XDG_CACHE_HOME/knas, else \
            ~/.cache/knas), up to 10 GB or what KNAS_CACHE_LIMIT says (as in 500MB, or none). Beyond that \
            those entries go first that were not used for the longest time, never one in use. Everything \
            can be computed again.

            EXAMPLES
              knas cache show
              knas cache clear --older-than 30d
            """,
        subcommands: [Show.self, Clear.self])

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows where features are kept, and how much.",
            discussion: "EXAMPLE\n  knas cache show --json")
        @OptionGroup var global: GlobalOptions

        private struct Summary: Encodable {
            let directory: String
            let entries: Int
            let bytes: Int
            let limit: Int?
            let oldestUse: Date?
        }

        func run() throws {
            let store = FeatureStore()
            let entries = store.entries()
            let summary = Summary(
                directory: store.directory.path, entries: entries.count,
                bytes: entries.reduce(0) { $0 + $1.bytes }, limit: try FeatureStore.limit(),
                oldestUse: entries.first?.lastUsed)
            var table = TextTable([])
            table.add(["directory", summary.directory])
            table.add(["entries", "\(summary.entries)"])
            table.add(["size", "\(ByteSize(summary.bytes))"])
            table.add(["limit", summary.limit.map { "\(ByteSize($0))" } ?? "none"])
            table.add(["longest unused", summary.oldestUse.map { $0.formatted(.iso8601) } ?? "-"])
            try global.show(summary, String(table.text.drop { $0 == "\n" }))
        }
    }

    struct Clear: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Removes cached features that no program is using.",
            discussion: "EXAMPLE\n  knas cache clear --older-than 30d")
        @Option(help: "Only what was not used for so long: 30d, 12h, 90m or 2w.")
        var olderThan: Age?
        @OptionGroup var global: GlobalOptions

        func run() throws {
            let removal = try FeatureStore().removeAll(
                unusedSince: olderThan.map { Date(timeIntervalSinceNow: -$0.seconds) })
            try global.show(
                removal,
                "\(removal.removed) entries removed, \(ByteSize(removal.bytes))"
                    + (removal.inUse > 0 ? "; \(removal.inUse) are in use and stay" : ""))
        }
    }
}

/// A span of time as people write it: `30d`, `12h`, `90m`, `45s`, `2w`.
struct Age: ExpressibleByArgument {
    let seconds: Double

    private static let units: [Character: Double] = [
        "s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800,
    ]

    init?(argument: String) {
        guard let last = argument.last, let unit = Self.units[last],
            let number = Double(argument.dropLast()), number >= 0, number.isFinite
        else { return nil }
        seconds = number * unit
    }
}
