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
    // Where the server was started with a folder of runs.
    case runsPage
    case runsScript
    case runsStyle
    case runs
    case runEvents
    case report(String)
    case explain(String)

    /// - Parameter path: of a request, with its escapes.
    init?(path: String) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
            .map { $0.removingPercentEncoding ?? "" }
        switch parts.count {
        case 1 where parts[0] == "healthz": self = .health
        case 1 where parts[0] == "readyz": self = .readiness
        case 1 where parts[0] == "metrics": self = .metrics
        case 1 where parts[0] == "openapi.json": self = .openAPI
        case 1 where parts[0] == "runs": self = .runsPage
        case 2 where parts == ["runs", "app.js"]: self = .runsScript
        case 2 where parts == ["runs", "app.css"]: self = .runsStyle
        case 2 where parts == ["v1", "models"]: self = .models
        case 2 where parts == ["v1", "runs"]: self = .runs
        case 2 where parts == ["v1", "run-events"]: self = .runEvents
        case 3 where parts[..<2] == ["v1", "models"]: self = .model(parts[2])
        case 4 where parts[..<2] == ["v1", "models"] && parts[3] == "classify":
            self = .classify(parts[2])
        case 4 where parts[..<2] == ["v1", "runs"] && parts[3] == "report":
            self = .report(parts[2])
        case 4 where parts[..<2] == ["v1", "runs"] && parts[3] == "explain":
            self = .explain(parts[2])
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
        case .runsPage: "/runs"
        case .runsScript: "/runs/app.js"
        case .runsStyle: "/runs/app.css"
        case .runs: "/v1/runs"
        case .runEvents: "/v1/run-events"
        case .report: "/v1/runs/{name}/report"
        case .explain: "/v1/runs/{name}/explain"
        }
    }

    /// All templates; those of runs are the last.
    static let templates = ofModels + ofRuns
    static let ofModels = [
        Route.models, .model(""), .classify(""), .health, .readiness, .metrics, .openAPI,
    ].map(\.template)
    static let ofRuns = [
        Route.runsPage, .runsScript, .runsStyle, .runs, .runEvents, .report(""), .explain(""),
    ].map(\.template)

    /// Whether it is only there with a folder of runs.
    var isOfRuns: Bool { Self.ofRuns.contains(template) }

    var method: HTTPRequest.Method {
        switch self {
        case .classify, .explain: .post
        default: .get
        }
    }

    /// Whether it is answered without the token: probes have none, and neither tells anything.
    var isOpen: Bool {
        switch self {
        case .health, .readiness, .openAPI: true
        // Nothing of a run is in them.
        case .runsPage, .runsScript, .runsStyle: true
        default: false
        }
    }
}
