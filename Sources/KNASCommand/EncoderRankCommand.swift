import ArgumentParser
import Encoders
import Foundation
import Study
import Support

/// `knas encoder rank`
struct EncoderRankCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rank", abstract: "Tries encoders on a task: which one suits it?",
        discussion: """
            On a sample of the training rows a linear head is fitted exactly on every layer of every \
            encoder, cross-fitted in four folds; layer and penalty of each fold are the best of the other \
            folds, so that the accuracy is that of rows which decided nothing. Beside it: the 95 % interval, \
            how far the encoder is behind the best one on the same rows, LogME (You et al., ICML 2021: the \
            evidence of a Bayesian linear model, nothing held out), tokens a second, and size. From three \
            encoders or layers on, the rank correlation of LogME with accuracy. Only train is read.

            EXAMPLES
              knas encoder rank front-desk
              knas encoder rank mrpc --data ~/MRPC --encoders multilingual-e5-small,all-MiniLM-L6-v2
              knas encoder rank my-task.yml --rows 300 --json
            """)

    @OptionGroup var task: TaskOptions
    @Option(
        help: "Names or paths of encoders, separated by commas (default: all that are installed).")
    var encoders: String?
    @Option(help: "Training rows to try them on, drawn class by class.")
    var rows = 1_000
    @Option(help: "Seed of folds and intervals: a whole number from 0.")
    var seed: UInt64 = 1
    @OptionGroup var threads: ThreadOptions
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let console = global.console
        let names = try encoderNames()
        var configuration = EncoderRanking.Configuration(
            task: try task.definitionURL(), encoders: names)
        task.apply(to: &configuration.input)
        _ = try task.onePairing()
        configuration.rows = rows
        configuration.seed = seed
        configuration.threads = threads.threads
        configuration.skipsUnusable = encoders == nil
        let result = try EncoderRanking(
            configuration, progress: console.progress, note: { console.note($0) }
        ).run()
        console.finish()
        try global.show(result, Self.text(result))
    }

    private func encoderNames() throws -> [String] {
        if let encoders { return EncoderOptions.names(in: encoders) }
        let installed = EncoderStore.installed()
        guard installed.isEmpty else { return installed }
        // Names the standard one, with what to do.
        _ = try EncoderStore.find(EncoderStore.defaultName)
        return [EncoderStore.defaultName]
    }

    private static func text(_ result: EncoderRankingResult) -> String {
        var table = TextTable([
            "encoder", "accuracy", "95 % interval", "behind the best", "layer", "LogME",
            "tokens/s", "size", "width x layers",
        ])
        for entry in result.encoders {
            table.add([
                entry.encoder, number(entry.accuracy), range(entry.interval),
                entry.behindInterval.map { "\(number(entry.behind)) (\(range($0)))" } ?? "-",
                "\(entry.layer)", number(entry.logME),
                String(format: "%.0f", entry.tokensPerSecond),
                String(format: "%.0f MB", Double(entry.bytes) / 1e6),
                "\(entry.width) x \(entry.layers)",
            ])
        }
        var lines = [
            table.text,
            "\(result.rows) training rows, \(result.folds) folds; the most frequent class alone: "
                + number(result.majority),
        ]
        for (what, correlation) in [
            ("encoders", result.correlation), ("layers", result.layerCorrelation),
        ] {
            guard let correlation else { continue }
            lines.append(
                "LogME against accuracy over \(correlation.count) \(what): rho "
                    + "\(number(correlation.spearman)), tau \(number(correlation.kendall))")
        }
        lines += result.failed.map { "left out: \($0.encoder): \($0.reason)" }
        return lines.joined(separator: "\n")
    }

    private static func number(_ value: Double?) -> String {
        value.map { String(format: "%.3f", $0) } ?? "-"
    }

    private static func range(_ bounds: [Double]) -> String {
        bounds.map(number).joined(separator: " to ")
    }
}
