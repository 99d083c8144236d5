import ArgumentParser
import Foundation
import KNAS

/// A whole search, as `knas search` runs it; once, as it takes minutes.
struct SearchBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "A whole search. Set KNAS_CACHE to an empty directory to time it without "
            + "cached features.")

    @OptionGroup var measure: MeasureOptions
    @Option(help: "The task's data.")
    var data: String
    @Option(help: "The task's definition.")
    var task = "tasks/mrpc.yml"
    @Option(help: "Heads to score.")
    var candidates = 1000

    func run() throws {
        let limit = measure.limit()
        try withTemporaryDirectory { directory in
            var configuration = RunConfiguration(
                task: URL(fileURLWithPath: task), run: directory.appendingPathComponent("run"))
            configuration.input.data = URL(fileURLWithPath: data)
            configuration.search.candidates = candidates
            configuration.threads = measure.threads
            let result = try Pipeline(configuration, progress: nil, note: { _ in }).run()
            for (stage, seconds) in result.cost.stages.sorted(by: { $0.value > $1.value }) {
                try Measurement(
                    "search: \(stage)", threads: measure.threads, seconds: seconds, work: 1,
                    unit: "searches"
                ).print()
            }
            try Measurement(
                "search, \(candidates) candidates", threads: measure.threads,
                seconds: result.cost.wallSeconds, work: Double(candidates), unit: "candidates",
                multiplyAdds: nil, limit: limit
            ).print()
        }
    }
}
