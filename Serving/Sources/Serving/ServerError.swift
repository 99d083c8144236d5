import Support

/// Why a server does not start.
public enum ServerError: DiagnosedError, Equatable {
    case badName(String, path: String)
    case sameName(String)
    case badToken(path: String, reason: String)
    case unknownHost(String, reason: String)
    case cannotListen(host: String, port: Int, reason: String)

    public var kind: ErrorKind {
        switch self {
        case .badName, .sameName, .unknownHost: .usage
        case .badToken: .badInput
        case .cannotListen: .inputOutput
        }
    }

    public var description: String {
        switch self {
        case .badName(let name, let path):
            "\"\(name)\" cannot be the name of \(path): expected up to 64 letters, digits, '.', '_' "
                + "and '-', as in --name NAME=\(path)"
        case .sameName(let name):
            "two models have the name \(name): give one of them another, as in --name "
                + "NAME=MODEL"
        case .badToken(let path, let reason): "\(path): not a token: \(reason)"
        case .unknownHost(let host, let reason):
            "--host is \(host): expected an address or a name of this machine, e.g. 127.0.0.1, or "
                + "0.0.0.0 for all its addresses: \(reason)"
        case .cannotListen(let host, let port, let reason):
            "\(host):\(port): cannot listen: \(reason)"
        }
    }
}
