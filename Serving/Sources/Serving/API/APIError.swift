import HTTPTypes
import Support

/// An answer that is not what was asked for: `{"error": {"code": ..., "message": ...}}`.
struct APIError: Error {
    /// What went wrong, for programs. All of them are in the OpenAPI document.
    enum Code: String, CaseIterable, Encodable {
        case badRequest = "bad_request"
        case unauthorized
        case unknownRoute = "unknown_route"
        case unknownModel = "unknown_model"
        case unknownRun = "unknown_run"
        case methodNotAllowed = "method_not_allowed"
        case bodyTimeout = "body_timeout"
        case bodyTooLarge = "body_too_large"
        case unsupportedMediaType = "unsupported_media_type"
        case invalidText = "invalid_text"
        case invalidOption = "invalid_option"
        case tooManyTexts = "too_many_texts"
        case internalError = "internal_error"
        case queueFull = "queue_full"
        case stopping
        case timeout

        var status: HTTPResponse.Status {
            switch self {
            case .badRequest: .badRequest
            case .unauthorized: .unauthorized
            case .unknownRoute, .unknownModel, .unknownRun: .notFound
            case .methodNotAllowed: .methodNotAllowed
            case .bodyTimeout: .requestTimeout
            case .bodyTooLarge: .contentTooLarge
            case .unsupportedMediaType: .unsupportedMediaType
            case .invalidText, .invalidOption, .tooManyTexts: .unprocessableContent
            case .internalError: .internalServerError
            case .queueFull, .stopping: .serviceUnavailable
            case .timeout: .gatewayTimeout
            }
        }
    }

    let code: Code
    /// What was expected and what was found. May quote the request, and so is never logged.
    let message: String
    var headers = HTTPFields()

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    static let stopping = APIError(.stopping, "the server is stopping").adding(.retryAfter, "5")

    func adding(_ name: HTTPField.Name, _ value: String) -> APIError {
        var error = self
        error.headers[name] = value
        return error
    }

    /// Whether the rest of the request is not worth reading.
    var endsConnection: Bool {
        switch code {
        case .bodyTimeout, .bodyTooLarge, .unauthorized, .unsupportedMediaType, .stopping: true
        default: false
        }
    }

    struct Body: Encodable {
        struct Error: Encodable {
            let code: Code
            let message: String
        }
        let error: Error
    }

    var body: Body { Body(error: .init(code: code, message: message)) }
}
