import Foundation
import Support

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// One synchronous HTTP request. The body goes to memory or, as it arrives, to the end of a file.
///
/// A redirect to another host or port loses the token: it is meant for the hub alone.
final class HubTransfer: NSObject, URLSessionDataDelegate, @unchecked Sendable {
    /// The answer.
    struct Answer {
        let status: Int
        /// Names in lower case; those of the hub's own answer win over those after redirects.
        let headers: [String: String]
        let body: Data
    }

    private let settings: HubSettings
    private let followsElsewhere: Bool
    private let sink: PartFile?
    private let onBytes: (Int) -> Void
    private let done = DispatchSemaphore(value: 0)
    private var status = 0
    private var headers: [String: String] = [:]
    private var body = Data()
    private var failure: (any Error)?
    /// Bodies that are kept in memory are listings and small texts.
    private static let longestBody = 64 << 20

    private init(
        _ settings: HubSettings, followsElsewhere: Bool, sink: PartFile?,
        onBytes: @escaping (Int) -> Void
    ) {
        self.settings = settings
        self.followsElsewhere = followsElsewhere
        self.sink = sink
        self.onBytes = onBytes
    }

    /// - Parameters:
    ///   - followsElsewhere: whether redirects to other hosts are followed.
    ///   - range: the first byte to ask for.
    ///   - sink: gets the body of a 200 (after being emptied) or 206.
    /// - Throws: ``HubError/unreachable(endpoint:reason:)``, `FileError`.
    static func run(
        _ method: String, _ url: URL, _ settings: HubSettings, followsElsewhere: Bool = true,
        range: Int = 0, sink: PartFile? = nil, onBytes: @escaping (Int) -> Void = { _ in }
    ) throws -> Answer {
        let transfer = HubTransfer(
            settings, followsElsewhere: followsElsewhere, sink: sink, onBytes: onBytes)
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = settings.timeout
        let session = URLSession(
            configuration: configuration, delegate: transfer, delegateQueue: nil)
        defer { session.invalidateAndCancel() }
        var request = URLRequest(url: url)
        request.httpMethod = method
        request.timeoutInterval = settings.timeout
        request.setValue("knas", forHTTPHeaderField: "User-Agent")
        // Sizes and hashes are those of the plain bytes.
        request.setValue("identity", forHTTPHeaderField: "Accept-Encoding")
        if let token = settings.token {
            request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization")
        }
        if range > 0 { request.setValue("bytes=\(range)-", forHTTPHeaderField: "Range") }
        session.dataTask(with: request).resume()
        transfer.done.wait()
        if let error = transfer.failure as? any DiagnosedError { throw error }
        if let error = transfer.failure {
            throw HubError.unreachable(
                endpoint: settings.endpoint.absoluteString, reason: error.localizedDescription)
        }
        return Answer(
            status: transfer.status, headers: transfer.headers, body: transfer.body)
    }

    private func keep(_ response: URLResponse) {
        guard let response = response as? HTTPURLResponse else { return }
        status = response.statusCode
        for (name, value) in response.allHeaderFields {
            let name = "\(name)".lowercased()
            if headers[name] == nil { headers[name] = "\(value)" }
        }
    }

    private static func isSame(_ a: URL?, _ b: URL?) -> Bool {
        a?.scheme == b?.scheme && a?.host == b?.host && a?.port == b?.port
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask,
        willPerformHTTPRedirection response: HTTPURLResponse, newRequest request: URLRequest,
        completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        let isSame = Self.isSame(request.url, settings.endpoint)
        if !isSame {
            keep(response)
            guard followsElsewhere else { return completionHandler(nil) }
        }
        var next = request
        if !isSame { next.setValue(nil, forHTTPHeaderField: "Authorization") }
        if let range = task.originalRequest?.value(forHTTPHeaderField: "Range") {
            next.setValue(range, forHTTPHeaderField: "Range")
        }
        next.setValue("identity", forHTTPHeaderField: "Accept-Encoding")
        completionHandler(next)
    }

    func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
        completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
    ) {
        keep(response)
        if status == 200, let sink {
            // The whole file is sent, whatever was there before.
            do { try sink.empty() } catch { failure = error }
        }
        completionHandler(failure == nil ? .allow : .cancel)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        guard failure == nil else { return }
        if let sink, status == 200 || status == 206 {
            do {
                try sink.append(data)
                onBytes(data.count)
            } catch {
                failure = error
                dataTask.cancel()
            }
        } else if body.count + data.count <= Self.longestBody {
            body.append(data)
        } else {
            failure = HubError.badAnswer(
                url: dataTask.originalRequest?.url?.absoluteString ?? "",
                reason: "the answer is longer than \(Self.longestBody) bytes")
            dataTask.cancel()
        }
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?
    ) {
        if failure == nil { failure = error }
        done.signal()
    }
}
