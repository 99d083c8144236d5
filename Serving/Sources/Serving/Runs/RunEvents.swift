import Foundation
import HummingbirdCore
import NIOCore
import Support

/// The runs of a folder as server-sent events (HTML standard, 9.2): `run` with a run that is new or has
/// changed, `gone` with the name of one that was removed.
struct RunEvents: Sendable {
    let folder: RunsFolder
    let state: ServerState
    /// Seconds between looks.
    private static let pause = 1.0
    /// Seconds after which something is sent even so: whoever has gone is noticed.
    private static let silence = 15.0

    /// Events until the client goes or the server stops.
    var body: ResponseBody {
        ResponseBody { writer in
            var known: [String: RunAnswer] = [:]
            var sent = ContinuousClock.now
            // At once, so that a client knows that it is connected.
            try await writer.write(ByteBuffer(string: ": connected\n\n"))
            while !state.isStopping {
                let runs = await inThread { folder.runs() }
                var events = ""
                for run in runs where known[run.name] != run {
                    events += try Self.event("run", run)
                    known[run.name] = run
                }
                let names = Set(runs.map(\.name))
                for name in known.keys.filter({ !names.contains($0) }) {
                    events += try Self.event("gone", name)
                    known[name] = nil
                }
                if events.isEmpty, ContinuousClock.now - sent > .seconds(Self.silence) {
                    events = ": still here\n\n"
                }
                if !events.isEmpty {
                    try await writer.write(ByteBuffer(string: events))
                    sent = .now
                }
                try await Task.sleep(for: .seconds(Self.pause))
            }
            try await writer.finish(nil)
        }
    }

    private static func event(_ name: String, _ value: some Encodable) throws -> String {
        // Compact JSON has no line ends.
        let data = try JSONEncoder.compact.encode(value)
        return "event: \(name)\ndata: \(String(decoding: data, as: UTF8.self))\n\n"
    }
}

/// Does work that takes a thread for a while: those of tasks are few.
func inThread<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
    await withCheckedContinuation { continuation in
        let thread = Thread { continuation.resume(returning: body()) }
        thread.stackSize = 8 << 20
        thread.start()
    }
}
