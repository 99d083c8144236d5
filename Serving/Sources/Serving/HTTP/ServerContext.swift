import NIOCore

/// What belongs to a request besides itself.
struct ServerContext: Sendable {
    let channel: any Channel
    /// Tells requests of this process apart in its log.
    let id: Int

    /// Runs `body` and cancels it when the client goes.
    func whileClientWaits<Result: Sendable>(
        _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        let work = Task(operation: body)
        let departure = try? await channel.pipeline.handler(type: DepartureHandler.self).get()
        departure?.onDeparture { work.cancel() }
        defer { departure?.onDeparture(nil) }
        return try await withTaskCancellationHandler {
            try await work.value
        } onCancel: {
            work.cancel()
        }
    }

    /// Closes the connection soon: now, and the client might lose the answer that is under way.
    func closeSoon() {
        let channel = channel
        channel.eventLoop.scheduleTask(in: .seconds(2)) { channel.close(promise: nil) }
    }
}
