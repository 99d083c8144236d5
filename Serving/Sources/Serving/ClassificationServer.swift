import Foundation
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import UnixSignals

/// A server of classifiers over HTTP.
///
///     var options = ServerOptions()
///     options.port = 0
///     let server = try ClassificationServer([ModelPlace("runs/front-desk")], options, logger)
///     try await server.run(stoppedBy: [.sigterm, .sigint])
public struct ClassificationServer: Sendable {
    private let options: ServerOptions
    private let logger: Logger
    private let registry: ModelRegistry
    private let folder: RunsFolder?
    private let metrics = ServerMetrics()
    private let state = ServerState()

    /// Loads the models.
    /// - Throws: what loading a model throws, ``ServerError``; `FileError` for what is not a folder of runs.
    public init(_ places: [ModelPlace], _ options: ServerOptions, _ logger: Logger) throws {
        try ModelPlace.checkNames(places)
        self.options = options
        self.logger = logger
        folder = try options.runs.map { try RunsFolder($0, threads: options.threads) }
        registry = try ModelRegistry(places, options, metrics, logger)
    }

    /// Serves until it is told to stop, and then until what it has taken is answered.
    ///
    /// The first of `signals` begins the stop: requests to classify are refused and `/readyz` says that
    /// the server is not ready, so that whatever sends it requests can turn elsewhere; a little later the
    /// port is closed. A second signal ends the process.
    /// - Parameters:
    ///   - onRunning: told the port once requests are taken.
    /// - Throws: ``ServerError/unknownHost(_:reason:)``, ``ServerError/cannotListen(host:port:reason:)``.
    public func run(
        stoppedBy signals: [UnixSignal] = [],
        onRunning: @escaping @Sendable (_ port: Int) -> Void = { _ in }
    ) async throws {
        // The framework's own events say nothing that ours do not.
        var frameworkLogger = logger
        frameworkLogger.logLevel = max(logger.logLevel, .error)
        let connections = min(options.connections, DescriptorLimit.roomForConnections())
        if connections < options.connections {
            logger.warning(
                "the limit of open files (ulimit -n) leaves room for fewer connections",
                metadata: ["connections": .stringConvertible(connections)])
        }
        let responder = Responder(
            registry: registry, folder: folder, options: options, metrics: metrics, state: state,
            logger: logger)
        let state = state
        let patience = TimeAmount(seconds: options.patienceSeconds)
        let http = try HTTPServerBuilder.http1(
            configuration: .init(
                additionalChannelHandlers: [DepartureHandler(), StallHandler(patience: patience)],
                idleTimeout: TimeAmount(seconds: options.idleSeconds))
        ).buildServer(
            configuration: .init(
                address: .hostname(options.host, port: options.port), backlog: 1024,
                availableConnectionsDelegate: .maximum(
                    connections, logger: frameworkLogger)),
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: frameworkLogger
        ) { request, writer, channel in
            let context = ServerContext(channel: channel, id: state.nextRequest())
            let response = await responder.respond(to: request, context: context)
            try await writer.write(response: response.head, body: response.body)
        } onServerRunning: { channel in
            let port = channel.localAddress?.port ?? options.port
            logger.info(
                "listening",
                metadata: [
                    "host": "\(options.host)", "port": .stringConvertible(port),
                    "models": "\(registry.models.map(\.name).joined(separator: ","))",
                ])
            onRunning(port)
        }
        var configuration = ServiceGroupConfiguration(
            services: [
                ModelWatcher(
                    registry: registry, folder: folder, seconds: options.reloadSeconds,
                    logger: logger), http,
            ],
            logger: frameworkLogger)
        // Whatever was taken is answered by then.
        configuration.maximumGracefulShutdownDuration = .seconds(options.limits.seconds * 2 + 5)
        let group = ServiceGroup(configuration: configuration)
        do {
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await group.run() }
                if !signals.isEmpty { tasks.addTask { try await waitForStop(signals, group) } }
                // Whoever ends first: a server that cannot listen, or one that has stopped.
                try await tasks.next()
                tasks.cancelAll()
            }
        } catch let error as SocketAddressError.UnknownHost {
            throw ServerError.unknownHost(options.host, reason: error.errorDescription)
        } catch let error as IOError {
            throw ServerError.cannotListen(
                host: options.host, port: options.port,
                reason: String(cString: strerror(error.errnoCode)))
        }
        logger.info("stopped")
    }

    /// Begins the stop; what was taken is still answered.
    public func stop() { state.stop() }

    private func waitForStop(_ signals: [UnixSignal], _ group: ServiceGroup) async throws {
        var arrivals = await UnixSignalsSequence(trapping: signals).makeAsyncIterator()
        guard await arrivals.next() != nil else { return }
        state.stop()
        logger.info("stopping")
        let second = Task {
            var arrivals = arrivals
            if await arrivals.next() != nil { _exit(130) }
        }
        defer { second.cancel() }
        try await Task.sleep(for: .seconds(options.drainSeconds))
        await group.triggerGracefulShutdown()
        // Until the group has ended.
        while (try? await Task.sleep(for: .seconds(3600))) != nil {}
    }
}

extension TimeAmount {
    fileprivate init(seconds: Double) { self = .milliseconds(Int64(seconds * 1000)) }
}
