import Foundation
import RunStore
import Selection
import Support
import Tensors

/// What identifies a study.
extension CorrelationConfiguration {
    /// Choices that do not change the trainings: paths, threads, and how the numbers are reported.
    private static let free: Set<String> = [
        "input.task", "input.data", "input.dataFile", "directory", "threads", "mode", "seed",
        "votes",
    ]

    /// Everything that decides which heads there are and how their trainings end.
    func identity(_ prepared: Preparation) -> RunIdentity {
        identity(prepared, omitting: ["scoring"])
    }

    /// The same, plus what decides the scores of those heads.
    func scoringIdentity(_ prepared: Preparation) -> RunIdentity {
        identity(prepared, omitting: [])
    }

    /// Where the scores for these options are kept.
    var scoringDirectory: URL {
        var builder = DigestBuilder()
        builder.add(Choices.text(of: scoring))
        return directory.appendingPathComponent(
            "scoring/\(builder.hexadecimal().prefix(16))", isDirectory: true)
    }

    private func identity(_ prepared: Preparation, omitting names: Set<String>) -> RunIdentity {
        RunIdentity(
            program: Version.current, kernels: BLAS.kernelName, task: prepared.dataset.name,
            data: prepared.dataset.digest, encoder: prepared.digest, seed: seed,
            choices: Choices.list(of: self, omitting: Self.free.union(names)),
            files: prepared.dataset.files)
    }
}
