import Foundation
import HTTPTypes
import HummingbirdCore
import NIOCore
import ServiceLifecycle

extension Request {
    /// The whole body, which must be JSON, within the limits of size and time.
    /// - Throws: ``APIError``.
    func collectedBody(_ limits: ServerOptions.Limits) async throws -> ByteBuffer {
        let type = headers[.contentType]?.lowercased().split(separator: ";").first
        // A page in a browser may send other types to any server without asking it.
        guard type?.trimmingCharacters(in: .whitespaces) == "application/json" else {
            throw APIError(
                .unsupportedMediaType,
                "expected the header Content-Type: application/json, found "
                    + (type.map { "\"\($0.prefix(60))\"" } ?? "none"))
        }
        if let encoding = headers[.contentEncoding], encoding.lowercased() != "identity" {
            throw APIError(
                .unsupportedMediaType,
                "expected no Content-Encoding, found \"\(encoding.prefix(60))\"")
        }
        let tooLarge = APIError(
            .bodyTooLarge, "the body has more than \(limits.bodyBytes) bytes")
        if let length = headers[.contentLength].flatMap({ Int($0) }), length > limits.bodyBytes {
            throw tooLarge
        }
        let body = body
        return try await withThrowingTaskGroup(of: ByteBuffer.self) { group in
            group.addTask {
                var whole = ByteBuffer()
                do {
                    for try await var part in body {
                        guard whole.readableBytes + part.readableBytes <= limits.bodyBytes else {
                            throw tooLarge
                        }
                        whole.writeBuffer(&part)
                    }
                } catch let error as APIError {
                    throw error
                } catch {
                    throw APIError(.badRequest, "the body ends too soon")
                }
                return whole
            }
            group.addTask {
                try await Task.sleep(for: .seconds(limits.seconds))
                throw APIError(
                    .bodyTimeout, "the body has not arrived within \(limits.seconds) seconds")
            }
            group.addTask {
                // While the server drains, it may still come.
                try await gracefulShutdown()
                throw APIError.stopping
            }
            defer { group.cancelAll() }
            return try await group.next() ?? ByteBuffer()
        }
    }
}
