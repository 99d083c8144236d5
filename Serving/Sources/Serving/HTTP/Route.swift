import Foundation
import HTTPTypes

/// What a path leads to.
enum Route: Equatable {
    case models
    case model(String)
    case classify(String)
    case health
    case readiness
    case metrics
    case openAPI

    /// - Parameter path: of a request, with its escapes.
    init?(path: String) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
            .map { $0.removingPercentEncoding ?? "" }
        switch parts.count {
        case 1 where parts[0] == "healthz": self = .health
        case 1 where parts[0] == "readyz": self = .readiness
        case 1 where parts[0] == "metrics": self = .metrics
        case 1 where parts[0] == "openapi.json": self = .openAPI
        case 2 where parts == ["v1", "models"]: self = .models
        case 3 where parts[..<2] == ["v1", "models"]: self = .model(parts[2])
        case 4 where parts[..<2] == ["v1", "models"] && parts[3] == "classify":
            self = .classify(parts[2])
        default: return nil
        }
    }

    /// As the OpenAPI document has it.
    var template: String {
        switch self {
        case .models: "/v1/models"
        case .model: "/v1/models/{name}"
        case .classify: "/v1/models/{name}/classify"
        case .health: "/healthz"
        case .readiness: "/readyz"
        case .metrics: "/metrics"
        case .openAPI: "/openapi.json"
        }
    }

    /// All templates.
    static let templates = [
        Route.models, .model(""), .classify(""), .health, .readiness, .metrics, .openAPI,
    ].map(\.template)

    var method: HTTPRequest.Method {
        if case .classify = self { .post } else { .get }
    }

    /// Whether it is answered without the token: probes have none, and neither tells anything.
    var isOpen: Bool {
        switch self {
        case .health, .readiness, .openAPI: true
        default: false
        }
    }
}
