import Foundation
import KNAS
import Results
import TestSupport

extension Workspace {
    func configuration(_ run: String, threads: Int = 2) -> RunConfiguration {
        var configuration = RunConfiguration(
            task: task, run: directory.appendingPathComponent(run))
        configuration.input.encoders = [encoder.path]
        configuration.search.candidates = 40
        // Large heads would take most of the time.
        configuration.space.maximumParameters = 20_000
        configuration.selection.funnel = 6
        configuration.selection.keep = 2
        configuration.selection.epochs = 4
        configuration.search.scoring.examples = 24
        configuration.threads = threads
        return configuration
    }
}

/// Runs that several tests look at and none changes, each made once.
enum FinishedRuns {
    struct Run: Sendable {
        let workspace: Workspace
        let configuration: RunConfiguration
        let result: RunResult

        func bytes(_ file: String) throws -> Data {
            try Data(contentsOf: configuration.run.appendingPathComponent(file))
        }

        func text(_ file: String) throws -> String {
            String(decoding: try bytes(file), as: UTF8.self)
        }

        var model: URL { configuration.run.appendingPathComponent("model") }
    }

    private static let pairs = Result { try make(pairs: true) }
    private static let singles = Result { try make(pairs: false) }

    /// A run on pairs of texts, or on single texts.
    static func get(pairs isPairs: Bool) throws -> Run { try (isPairs ? pairs : singles).get() }

    private static func make(pairs: Bool) throws -> Run {
        let workspace = try Workspace(pairs: pairs, wrong: 7)
        var configuration = workspace.configuration("run", threads: 1)
        // All controls, but only once.
        configuration.selection.controls = pairs ? .full : .quick
        return Run(
            workspace: workspace, configuration: configuration,
            result: try Pipeline(configuration).run())
    }
}
