import Foundation
import HTTPTypes
import HummingbirdCore
import KNAS
import Logging
import NIOCore
import Support

/// Answers requests.
struct Responder: Sendable {
    let registry: ModelRegistry
    let folder: RunsFolder?
    let options: ServerOptions
    let metrics: ServerMetrics
    let state: ServerState
    let logger: Logger

    /// Never throws: what goes wrong is an answer.
    func respond(to request: Request, context: ServerContext) async -> Response {
        let start = ContinuousClock.now
        metrics.begin()
        let route = Route(path: request.uri.path)
        var exchange = Exchange(route: route)
        var response: Response
        do {
            response = try await answer(request, route, context, &exchange)
        } catch {
            let error = known(error)
            exchange.code = error.code
            response = Self.json(error.body, error.code.status)
            for header in error.headers { response.headers[header.name] = header.value }
            if error.endsConnection {
                response.headers[.connection] = "close"
                context.closeSoon()
            }
        }
        if request.method == .head {
            // The length stays that of the body that is left out.
            response = Response(status: response.status, headers: response.headers)
        }
        response.headers[.date] = HTTPDate.now
        let seconds = (ContinuousClock.now - start).inSeconds
        let template = route?.template ?? "other"
        metrics.end(
            .init(
                route: template, method: ServerMetrics.known(request.method),
                status: response.status.code), seconds: seconds)
        log(exchange, template, response.status.code, seconds, context)
        return response
    }

    private func answer(
        _ request: Request, _ route: Route?, _ context: ServerContext, _ exchange: inout Exchange
    ) async throws -> Response {
        guard let route, folder != nil || !route.isOfRuns else {
            let known = folder == nil ? Route.ofModels : Route.templates
            throw APIError(
                .unknownRoute, "no such path: expected one of " + known.joined(separator: ", "))
        }
        if !route.isOpen, let token = options.token,
            !token.accepts(request.headers[.authorization])
        {
            throw APIError(
                .unauthorized, "expected the header Authorization: Bearer with the server's token"
            ).adding(.wwwAuthenticate, "Bearer")
        }
        guard request.method == route.method || (request.method == .head && route.method == .get)
        else {
            throw APIError(.methodNotAllowed, "expected \(route.method.rawValue)")
                .adding(.allow, route.method == .get ? "GET, HEAD" : "POST")
        }
        switch route {
        case .health: return Self.json(StatusAnswer(status: "ok"))
        case .readiness:
            if state.isStopping { throw APIError.stopping }
            return Self.json(StatusAnswer(status: "ready"))
        case .metrics:
            let text = metrics.text(registry.models.map(\.current))
            return Response(
                status: .ok,
                headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: .init(byteBuffer: ByteBuffer(string: text)))
        case .openAPI:
            return Response(
                status: .ok, headers: [.contentType: "application/json"],
                body: .init(byteBuffer: ByteBuffer(bytes: OpenAPIDocument.bytes)))
        case .models:
            return Self.json(
                ModelListAnswer(models: registry.models.map { ModelAnswer($0.current) }))
        case .model(let name): return Self.json(ModelAnswer(try model(name, &exchange)))
        case .classify(let name):
            return try await classify(request, try model(name, &exchange), context, &exchange)
        case .runsPage: return RunPages.page
        case .runsScript: return RunPages.script
        case .runsStyle: return RunPages.style
        case .runs, .runEvents, .report, .explain:
            // There is a folder, or the path would not be known.
            guard let folder else { throw APIError(.unknownRoute, "no such path") }
            return try await answer(request, route, folder)
        }
    }

    private func answer(
        _ request: Request, _ route: Route, _ folder: RunsFolder
    ) async throws -> Response {
        switch route {
        case .runEvents where request.method == .get:
            return Response(
                status: .ok,
                headers: [
                    .contentType: "text/event-stream", .cacheControl: "no-store",
                ], body: RunEvents(folder: folder, state: state).body)
        case .runEvents:
            return Response(status: .ok, headers: [.contentType: "text/event-stream"])
        case .report(let name):
            return RunPages.report(
                try await inThread { Result { try folder.report(of: name) } }.get())
        case .explain(let name):
            if state.isStopping { throw APIError.stopping }
            var limits = options.limits
            limits.texts = 1
            limits.characters = min(limits.characters, RunsFolder.explainedCharacters)
            let body = try await request.collectedBody(limits)
            let wanted = try body.withUnsafeReadableBytes { try ClassifyRequest($0, limits) }
            return Self.json(
                try await inThread { Result { try folder.explain(wanted, of: name) } }.get())
        default:
            return Self.json(RunListAnswer(runs: await inThread { folder.runs() }))
        }
    }

    private func model(_ name: String, _ exchange: inout Exchange) throws -> LoadedModel {
        guard let model = registry[name] else {
            let known = registry.models.map(\.name).joined(separator: ", ")
            throw APIError(
                .unknownModel,
                known.isEmpty
                    ? "no such model: none is served" : "no such model: expected one of \(known)")
        }
        exchange.model = name
        return model
    }

    private func classify(
        _ request: Request, _ model: LoadedModel, _ context: ServerContext,
        _ exchange: inout Exchange
    ) async throws -> Response {
        if state.isStopping { throw APIError.stopping }
        let body = try await request.collectedBody(options.limits)
        let wanted = try body.withUnsafeReadableBytes { try ClassifyRequest($0, options.limits) }
        try wanted.check(for: model)
        exchange.texts = wanted.inputs.count
        let limit = Duration.seconds(options.limits.seconds)
        do {
            let results = try await context.whileClientWaits {
                try await model.queue.classify(
                    wanted.inputs, abstain: wanted.abstain, within: limit)
            }
            return Self.json(ClassifyAnswer(results, of: model, for: wanted))
        } catch let error as ClassificationQueueError {
            switch error {
            case .late: throw APIError(.timeout, error.description)
            case .full:
                let wait = metrics.expectedSeconds(
                    model: model.name, texts: model.queue.waiting, workers: options.threads)
                throw APIError(.queueFull, error.description)
                    .adding(.retryAfter, String(max(1, min(60, Int(wait.rounded(.up))))))
            case .closed: throw APIError(.stopping, error.description)
            }
        }
    }

    private func known(_ error: any Error) -> APIError {
        if let error = error as? APIError { return error }
        if error is CancellationError {
            // Nobody reads it, unless the client has closed its half of the connection alone.
            return APIError(.badRequest, "the client closed the connection before it was answered")
        }
        logger.error("a request failed", metadata: ["reason": "\(error)"])
        return APIError(.internalError, "the text cannot be classified")
    }

    private func log(
        _ exchange: Exchange, _ template: String, _ status: Int, _ seconds: Double,
        _ context: ServerContext
    ) {
        guard logger.logLevel <= .info else { return }
        var metadata: Logger.Metadata = [
            "id": .stringConvertible(context.id), "route": "\(template)",
            "status": .stringConvertible(status), "seconds": .stringConvertible(seconds),
        ]
        if let model = exchange.model { metadata["model"] = "\(model)" }
        if let texts = exchange.texts { metadata["texts"] = .stringConvertible(texts) }
        if let code = exchange.code { metadata["code"] = "\(code.rawValue)" }
        logger.info("request", metadata: metadata)
    }

    static func json(_ value: some Encodable, _ status: HTTPResponse.Status = .ok) -> Response {
        // What is encoded has no value that JSON lacks: probabilities are finite.
        let data = (try? JSONEncoder.compact.encode(value)) ?? Data("{}".utf8)
        return Response(
            status: status, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: data)))
    }

    /// What is known of a request, for its line in the log.
    private struct Exchange {
        var route: Route?
        var model: String?
        var texts: Int?
        var code: APIError.Code?
    }
}
