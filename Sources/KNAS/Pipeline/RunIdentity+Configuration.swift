import Encoders
import RunStore
import Tasks
import Tensors

extension RunIdentity {
    /// Choices that do not change the results, or that a digest stands for. A head's score does not
    /// depend on how many others there are, so that a run can be gone on with for more candidates; and
    /// seeds are trained alike whether one of them or all are exported, so that a finished run can be
    /// resumed to get the other model.
    private static let free: Set<String> = [
        "task", "data", "run", "threads", "mode", "seed", "candidates", "averagesSeeds",
    ]

    /// The identity of the run that a configuration describes.
    ///
    /// The choices are read off the configuration by reflection: a new choice counts without anyone
    /// having to think of it, and what must not count is named here.
    init(_ configuration: RunConfiguration, dataset: Dataset, encoder: Encoder) {
        var choices: [String: String] = [:]
        Self.collect(configuration, "", &choices)
        self.init(
            program: Version.current, kernels: BLAS.kernelName, task: dataset.name,
            data: dataset.digest, encoder: encoder.digest, seed: configuration.seed,
            choices: choices)
    }

    private static func collect(_ value: Any, _ name: String, _ result: inout [String: String]) {
        if free.contains(name) { return }
        let mirror = Mirror(reflecting: value)
        if mirror.displayStyle == .optional {
            if let inside = mirror.children.first {
                collect(inside.value, name, &result)
            } else {
                result[name] = "none"
            }
            return
        }
        guard mirror.displayStyle == .struct, !(value is any CustomStringConvertible) else {
            result[name] = String(describing: value)
            return
        }
        for child in mirror.children {
            guard let label = child.label else { continue }
            collect(child.value, name.isEmpty ? label : "\(name).\(label)", &result)
        }
    }
}
