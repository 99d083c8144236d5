import Foundation
import HTTPTypes
import KNAS

/// What a server has done, for Prometheus (its text format, version 0.0.4).
final class ServerMetrics: @unchecked Sendable {
    struct RequestKey: Hashable, Comparable {
        let route: String
        let method: String
        let status: Int

        static func < (one: RequestKey, other: RequestKey) -> Bool {
            (one.route, one.method, one.status) < (other.route, other.method, other.status)
        }
    }

    private struct ModelCounts {
        var batchTexts = Histogram([1, 2, 4, 8, 16, 32, 64, 128, 256])
        var batchSeconds = Histogram([0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5])
        var loads = 0
        var failedLoads = 0
    }

    private let start = Date()
    private let lock = NSLock()
    private var inProgress = 0
    private var requests: [RequestKey: Int] = [:]
    private var seconds: [String: Histogram] = [:]
    private var models: [String: ModelCounts] = [:]

    func begin() { lock.withLock { inProgress += 1 } }

    func end(_ key: RequestKey, seconds: Double) {
        lock.withLock {
            inProgress -= 1
            requests[key, default: 0] += 1
            self.seconds[
                key.route,
                default: Histogram([
                    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30,
                ])
            ].observe(seconds)
        }
    }

    func classified(_ batch: ClassificationQueue.Batch, model: String) {
        lock.withLock {
            models[model, default: ModelCounts()].batchTexts.observe(Double(batch.texts))
            models[model, default: ModelCounts()].batchSeconds.observe(batch.seconds)
        }
    }

    func loaded(model: String, succeeded: Bool) {
        lock.withLock {
            let counts = succeeded ? \ModelCounts.loads : \.failedLoads
            models[model, default: ModelCounts()][keyPath: counts] += 1
        }
    }

    /// How long so many texts will take, by what texts have taken so far.
    func expectedSeconds(model: String, texts: Int, workers: Int) -> Double {
        lock.withLock {
            guard let counts = models[model], counts.batchTexts.sum > 0 else { return 1 }
            return Double(texts) * counts.batchSeconds.sum / counts.batchTexts.sum
                / Double(max(1, workers))
        }
    }

    /// Any method may be sent, but a metric has few series.
    static func known(_ method: HTTPRequest.Method) -> String {
        let known: Set = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
        return known.contains(method.rawValue) ? method.rawValue : "other"
    }

    static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
    }

    // MARK: - The text

    /// - Parameter models: those that are served now.
    func text(_ served: [LoadedModel]) -> String {
        var page = PrometheusText()
        let process = ProcessUsage.current
        lock.withLock {
            page.family("knas_http_requests_total", .counter, "Requests that were answered.")
            for (key, count) in requests.sorted(by: { $0.key < $1.key }) {
                page.sample(
                    [
                        ("route", key.route), ("method", key.method), ("status", "\(key.status)"),
                    ], Double(count))
            }
            page.family("knas_http_requests_in_progress", .gauge, "Requests being answered.")
            page.sample([], Double(inProgress))
            page.family(
                "knas_http_request_duration_seconds", .histogram,
                "From a request's head to its answer.")
            for (route, histogram) in seconds.sorted(by: { $0.key < $1.key }) {
                page.histogram([("route", route)], histogram)
            }
            add(served, to: &page)
        }
        page.family("process_cpu_seconds_total", .counter, "Processor time, user and system.")
        page.sample([], process.cpuSeconds)
        page.family("process_resident_memory_bytes", .gauge, "Resident memory.")
        page.sample([], Double(process.residentBytes))
        page.family("process_open_fds", .gauge, "Open file descriptors.")
        page.sample([], Double(process.openDescriptors))
        page.family("process_start_time_seconds", .gauge, "Start, in seconds since 1970.")
        page.sample([], start.timeIntervalSince1970)
        return page.text
    }

    private func add(_ served: [LoadedModel], to page: inout PrometheusText) {
        let all = served.map { (model: $0, counts: models[$0.name] ?? ModelCounts()) }
        page.family("knas_model_version", .gauge, "How often the model was loaded with success.")
        for (model, _) in all { page.sample([("model", model.name)], Double(model.version)) }
        page.family("knas_model_loads_total", .counter, "Attempts to load the model.")
        for (model, counts) in all {
            page.sample([("model", model.name), ("result", "success")], Double(counts.loads))
            page.sample(
                [("model", model.name), ("result", "failure")], Double(counts.failedLoads))
        }
        page.family("knas_queue_texts", .gauge, "Texts that wait.")
        for (model, _) in all { page.sample([("model", model.name)], Double(model.queue.waiting)) }
        page.family("knas_queue_limit_texts", .gauge, "Texts that may wait.")
        for (model, _) in all {
            page.sample([("model", model.name)], Double(model.queue.limits.waiting))
        }
        page.family("knas_texts_total", .counter, "Texts that were classified.")
        for (model, counts) in all {
            page.sample([("model", model.name)], counts.batchTexts.sum)
        }
        page.family("knas_batch_texts", .histogram, "Texts that were classified together.")
        for (model, counts) in all {
            page.histogram([("model", model.name)], counts.batchTexts)
        }
        page.family("knas_batch_duration_seconds", .histogram, "What classifying them took.")
        for (model, counts) in all {
            page.histogram([("model", model.name)], counts.batchSeconds)
        }
    }
}
