import Support

/// Errors of tensors and of the files that hold them.
public enum TensorError: DiagnosedError, Equatable {
    /// The header of a safetensors file breaks a rule of the format.
    case invalidHeader(path: String, reason: String)
    /// The entry of one tensor in a header breaks a rule of the format.
    case invalidTensor(path: String, tensor: String, reason: String)
    /// A file has no tensor of that name.
    case missingTensor(path: String, tensor: String)
    /// A tensor has a different shape than its user needs.
    case shapeMismatch(path: String, tensor: String, expected: [Int], found: [Int])
    /// A tensor has an element type that cannot be read as requested.
    case dtypeMismatch(path: String, tensor: String, expected: String, found: String)
    /// An integer of a tensor does not fit in the type that was requested.
    case valueOutOfRange(path: String, tensor: String, index: Int, value: String, type: String)
    /// The index of a sharded model breaks a rule.
    case invalidIndex(path: String, reason: String)
    /// The index of a sharded model names a file that is not there.
    case missingShard(path: String, shard: String, tensor: String)
    /// A directory holds no weights in a known form.
    case missingWeights(directory: String, expected: [String])
    /// What was to be written is not a valid tensor.
    case notWritable(path: String, tensor: String, reason: String)

    public var kind: ErrorKind {
        switch self {
        case .invalidHeader, .invalidTensor, .missingTensor, .shapeMismatch, .dtypeMismatch,
            .valueOutOfRange, .invalidIndex:
            .badInput
        case .missingShard, .missingWeights: .missingFile
        case .notWritable: .inputOutput
        }
    }

    public var description: String {
        switch self {
        case .invalidHeader(let path, let reason):
            "\(path): not a valid safetensors file: \(reason)"
        case .invalidTensor(let path, let tensor, let reason):
            "\(path): tensor \(quoted(tensor)): \(reason)"
        case .missingTensor(let path, let tensor):
            "\(path): there is no tensor \(quoted(tensor))"
        case .shapeMismatch(let path, let tensor, let expected, let found):
            "\(path): tensor \(quoted(tensor)): expected shape \(expected), found \(found)"
        case .dtypeMismatch(let path, let tensor, let expected, let found):
            "\(path): tensor \(quoted(tensor)): expected elements of \(expected), found \(found)"
        case .valueOutOfRange(let path, let tensor, let index, let value, let type):
            "\(path): tensor \(quoted(tensor)): element \(index) is \(value), which does not fit in \(type)"
        case .invalidIndex(let path, let reason):
            "\(path): not a valid index of shards: \(reason)"
        case .missingShard(let path, let shard, let tensor):
            "\(path): names the file \(quoted(shard)) for tensor \(quoted(tensor)), but it does not exist"
        case .missingWeights(let directory, let expected):
            "\(directory): expected \(expected.joined(separator: " or ")), found neither"
        case .notWritable(let path, let tensor, let reason):
            "\(path): tensor \(quoted(tensor)) cannot be written: \(reason)"
        }
    }
}
