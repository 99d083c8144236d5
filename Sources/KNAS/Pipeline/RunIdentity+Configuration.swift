import RunStore
import Selection
import Support
import Tensors

extension RunIdentity {
    /// Choices that do not change the results, or that a digest covers. A head's score does not
    /// depend on how many others there are, so a run can be resumed for more candidates. Trainings
    /// are kept by what decides them, so a finished run can also be resumed to get another model from
    /// its heads: of more members, at another cost, or of one head.
    private static let free: Set<String> = [
        "input.task", "input.data", "input.dataFile", "run", "threads", "mode", "seed",
        "search.candidates",
        "selection.averagesSeeds", "selection.seeds", "selection.exportsSingle",
        "selection.members", "selection.largestCost", "selection.keep", "selection.funnel",
        "selection.heldOutRows",
        "selection.tuning", "selection.controls", "selection.fitsLinearHeads", "command",
        "timeLimit", "freezesEncoder", "finishes",
        "input.rows.train", "input.rows.dev", "input.rows.test",
        "input.precision", "fineTuning.leastGain",
    ]

    /// The identity of the run that a configuration describes.
    init(_ configuration: RunConfiguration, _ prepared: Preparation) {
        self.init(
            program: Version.current, kernels: BLAS.kernelName, task: prepared.dataset.name,
            data: prepared.dataset.digest, encoder: prepared.digest,
            seed: configuration.seed,
            choices: configuration.choices.filter { !Self.free.contains($0.key) },
            files: prepared.dataset.files)
    }
}

extension RunConfiguration {
    /// Where a run is and how it is done, which does not decide what it finds.
    private static let places: Set<String> = [
        "input.task", "input.data", "input.dataFile", "run", "threads", "mode", "command",
        "timeLimit", "freezesEncoder", "finishes",
    ]

    /// Every choice that decides what the run finds, by its path.
    var choices: [String: String] { Choices.list(of: self, omitting: Self.places) }
}
