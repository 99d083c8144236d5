import Support

/// What can go wrong with a Hugging Face hub.
public enum HubError: DiagnosedError, Equatable {
    case badReference(text: String)
    case badEndpoint(text: String)
    case notFound(repository: String, what: String)
    case refused(repository: String, status: Int, hasToken: Bool)
    case unreachable(endpoint: String, reason: String)
    case badAnswer(url: String, reason: String)
    case unsafeName(repository: String, name: String)
    case noSafetensors(repository: String, found: [String])
    case noConfiguration(repository: String)
    case wrongSize(file: String, expected: Int, found: Int)
    case wrongHash(file: String, expected: String, found: String)

    public var kind: ErrorKind {
        switch self {
        case .badReference, .badEndpoint: .usage
        case .notFound, .refused, .unreachable: .missingFile
        case .badAnswer, .unsafeName, .noSafetensors, .noConfiguration, .wrongSize, .wrongHash:
            .badInput
        }
    }

    public var description: String {
        switch self {
        case .badReference(let text):
            "'\(text)': expected hf:OWNER/NAME or hf:OWNER/NAME@REVISION"
        case .badEndpoint(let text):
            "HF_ENDPOINT is '\(text)': expected an http or https address"
        case .notFound(let repository, let what):
            "\(repository): the hub has no \(what); check owner, name and revision"
        case .refused(let repository, let status, let hasToken):
            "\(repository): the hub refuses access (\(status)): "
                + (hasToken
                    ? "the token's owner must accept the repository's terms, or the token is wrong"
                    : "the repository is gated or private, or does not exist; set HF_TOKEN to a token "
                        + "that may read it")
        case .unreachable(let endpoint, let reason):
            "\(endpoint) cannot be reached (\(reason)); what was downloaded is kept, and the same command "
                + "resumes it. Without a network, give a directory instead"
        case .badAnswer(let url, let reason): "\(url): \(reason)"
        case .unsafeName(let repository, let name):
            "\(repository): the file name '\(name)' leads out of the directory; nothing was written"
        case .noSafetensors(let repository, let found):
            "\(repository) has no model.safetensors"
                + (found.isEmpty
                    ? ""
                    : " (only \(found.joined(separator: ", "))); pickles are never opened, as they can "
                        + "run code: convert the weights to safetensors")
        case .noConfiguration(let repository): "\(repository) has no config.json"
        case .wrongSize(let file, let expected, let found):
            "\(file): received \(found) bytes, expected \(expected); they were removed"
        case .wrongHash(let file, let expected, let found):
            "\(file): the received bytes have the hash \(found), expected \(expected); they were removed"
        }
    }
}
