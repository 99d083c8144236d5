import Foundation
import KNAS

/// What a server is started with.
public struct ServerOptions: Sendable {
    /// Where it listens; the loopback alone unless told otherwise.
    public var host = "127.0.0.1"
    /// 0 for any port that is free.
    public var port = 8080
    /// The token that requests must carry, if any.
    public var token: BearerToken?
    /// Threads that classify, for each model.
    public var threads = 1
    public var limits = Limits()
    public var queue = ClassificationQueue.Limits()
    /// How long a connection may be silent between requests and within one, in seconds.
    public var idleSeconds = 60.0
    /// Connections at a time; others wait until one is closed.
    public var connections = 1000
    /// How long a server that was asked to stop still answers that it is not ready, in seconds.
    public var drainSeconds = 1.0
    /// How long a stop waits for a client that takes nothing of its answer, in seconds.
    var patienceSeconds = 5.0
    /// How often models' directories are looked at, in seconds; 0 for never.
    public var reloadSeconds = 2.0

    /// A folder of runs that are shown on a live page, if any.
    public var runs: URL?

    public init() {}

    /// What a request may ask for.
    public struct Limits: Sendable {
        /// Bytes of a body.
        public var bodyBytes = 4_000_000
        /// Texts, or pairs, of a request.
        public var texts = 1024
        /// Characters (Unicode scalars) of a text.
        public var characters = 20_000
        /// Until a body has arrived, and then again until its texts are classified.
        public var seconds = 30.0

        public init() {}
    }
}
