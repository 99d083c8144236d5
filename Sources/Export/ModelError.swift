import Support

/// Errors of model directories.
public enum ModelError: DiagnosedError, Equatable {
    case badConfiguration(path: String, reason: String)
    case badWeights(path: String, reason: String)
    case otherEncoder(path: String, name: String, expected: String, found: String)
    /// One encoder was given for a model that needs several.
    case severalEncoders(path: String, names: [String])
    case otherTask(model: String, task: String, reason: String)
    case wrongInput(reason: String)
    case unknownFormat(name: String, known: [String])

    public var kind: ErrorKind {
        switch self {
        case .unknownFormat, .severalEncoders: .usage
        default: .badInput
        }
    }

    public var description: String {
        switch self {
        case .badConfiguration(let path, let reason): "\(path): \(reason)"
        case .badWeights(let path, let reason): "\(path): \(reason)"
        case .otherEncoder(let path, let name, let expected, let found):
            "\(path): made on encoder '\(name)' with digest \(expected.prefix(16))..., but the one "
                + "installed has \(found.prefix(16))..."
        case .severalEncoders(let path, let names):
            "\(path): --encoder is for models on one encoder, this one reads several: "
                + "\(names.joined(separator: ", ")); install them under these names"
        case .otherTask(let model, let task, let reason):
            "model \(model) does not fit task \(task): \(reason)"
        case .wrongInput(let reason): reason
        case .unknownFormat(let name, let known):
            "there is no export format '\(name)'; known formats: \(known.joined(separator: ", "))"
                + suggestion(for: name, in: known)
        }
    }
}
