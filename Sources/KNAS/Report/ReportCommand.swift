import Encoders
import Foundation
import Tasks

/// The choices of a run in the words of the command line.
struct ReportCommand {
    let configuration: RunConfiguration

    /// The command that gives the same result; where data lies on this machine is left out.
    var text: String {
        let task = configuration.task.deletingPathExtension().lastPathComponent
        var plain = RunConfiguration(task: configuration.task, run: configuration.run)
        plain.fineTuning = configuration.fineTuning.map { FineTuneOptions($0.depth) }
        var standard = Dictionary(
            ReportCommand(configuration: plain).options, uniquingKeysWith: { first, _ in first })
        standard["--unfreeze"] = nil
        var words = ["knas", "search", task]
        if configuration.data != nil { words += ["--data", "DIR"] }
        for (name, value) in options where value != standard[name] && name != "--threads" {
            words.append(name)
            if value != Self.on { words.append(value) }
        }
        return words.map(Self.quote).joined(separator: " ")
    }

    /// The value of a flag that is set.
    private static let on = "yes"

    /// Options by name; those that are not set are left out.
    var options: [(String, String)] {
        var list: [(String, String?)] = [
            ("--encoder", configuration.encoder), ("--layers", "\(configuration.layers)"),
            ("--pairing", configuration.pairing?.rawValue),
            ("--max-tokens", configuration.maximumLength.map { "\($0)" }),
            ("--skip-bad-rows", configuration.skipBadRows ? Self.on : nil),
        ]
        if let head = configuration.head {
            list.append(("--head", head))
        } else {
            list += [
                ("--candidates", "\(configuration.candidates)"),
                ("--keep", "\(configuration.keep)"),
            ]
        }
        list += [
            ("--proxy", "\(configuration.expression)"), ("--strategy", configuration.strategy),
            ("--init-seeds", "\(configuration.scoring.initializations)"),
            ("--scoring-examples", "\(configuration.scoring.examples)"),
            ("--warm-up-steps", "\(configuration.scoring.warmUpSteps)"),
            ("--warm-up-learning-rate", "\(configuration.scoring.warmUpLearningRate)"),
            ("--blocks", "\(configuration.maximumBlocks)"),
            ("--max-parameters", "\(configuration.maximumParameters ?? 0)"),
            ("--max-flops", configuration.maximumMultiplyAdds.map { "\($0)" }),
            ("--operations", configuration.operations?.joined(separator: ",")),
            ("--epochs", "\(configuration.training.epochs)"),
            ("--learning-rate", "\(configuration.training.learningRate)"),
            ("--batch-size", "\(configuration.training.batchSize)"),
            ("--weight-decay", "\(configuration.training.weightDecay)"),
            ("--label-smoothing", "\(configuration.training.labelSmoothing)"),
            ("--balance-classes", configuration.training.balancesClasses ? Self.on : nil),
            ("--tune", "\(configuration.tuning)"), ("--seeds", "\(configuration.seeds)"),
            ("--ensemble", configuration.averagesSeeds ? Self.on : nil),
            ("--no-linear-heads", configuration.meetsLinearHeads ? nil : Self.on),
            ("--seed", "\(configuration.seed)"), ("--threads", "\(configuration.threads)"),
        ]
        if let tuning = configuration.fineTuning {
            list += [
                ("--unfreeze", "\(tuning.depth)"),
                ("--finetune-epochs", "\(tuning.training.epochs)"),
                ("--finetune-batch-size", "\(tuning.training.batchSize)"),
                ("--encoder-learning-rate", "\(tuning.training.encoderLearningRate)"),
                ("--head-learning-rate", "\(tuning.training.headLearningRate)"),
                ("--layer-decay", "\(tuning.training.layerDecay)"),
                ("--encoder-dropout", "\(tuning.training.dropout)"),
                ("--swap-pairs", tuning.swapsPairs ? Self.on : nil),
                ("--no-finetune-control", tuning.hasControl ? nil : Self.on),
                ("--standalone", tuning.isStandalone ? Self.on : nil),
            ]
        }
        return list.compactMap { name, value in value.map { (name, $0) } }
    }

    /// A word for a POSIX shell.
    private static func quote(_ word: String) -> String {
        let plain = word.unicodeScalars.allSatisfy {
            $0.isASCII
                && ($0.properties.isAlphabetic
                    || "0123456789-_./,=:+@%".unicodeScalars.contains($0))
        }
        if plain, !word.isEmpty { return word }
        return "'" + word.replacingOccurrences(of: "'", with: "'\\''") + "'"
    }
}
