import ArgumentParser
import CKernels
import Foundation
import KNAS
import Logging
import Serving
import Support

/// The command line of the server.
struct KNASServe: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "knas-serve",
        abstract: "Serves classifiers over HTTP.",
        discussion: """
            Each MODEL is a run or a model directory, served under the run's name, or under the one that \
            --name gives it. Requests that wait are classified together. A model whose directory changes \
            is loaded again. Events are lines of JSON on standard error, without the texts.

            It listens on the loopback alone. For others to reach it, put a server with TLS in front \
            (see Serving/README.md), and give it a token.

            EXAMPLES
              knas-serve runs/front-desk
              knas-serve --runs runs
              knas-serve runs/a --name b=runs/b-2/model --port 8000 --token-file /run/secrets/token
              curl -H 'Content-Type: application/json' -d '{"text": "More towels, please"}' \
            http://127.0.0.1:8080/v1/models/front-desk/classify

            EXIT CODES
              0 stopped by SIGTERM or Ctrl-C after answering what it had taken, 64 wrong usage, 65 a model or \
            token is broken, 66 a file is missing, 70 internal error, 74 the port cannot be listened on, 130 \
            stopped at once by a second signal.
            """,
        version: Version.current)

    @Argument(help: "Runs, or model directories.") var models: [String] = []
    @Option(
        name: .customLong("name"), help: "A model under a name of your choice; may be repeated.")
    var named: [NamedModel] = []
    @Option(
        help: ArgumentHelp(
            "A folder of runs to show as they go, on the page /runs.", valueName: "folder"))
    var runs: String?
    @Option(help: "Address to listen on.") var host = "127.0.0.1"
    @Option(help: "Port to listen on; 0 for any that is free, which the log says.") var port = 8080
    @Option(
        help: "A file with a token that requests must carry: Authorization: Bearer TOKEN.")
    var tokenFile: String?
    @Option(help: "Threads that classify, for each model (default: all cores).")
    var threads = Parallel.availableThreads

    @OptionGroup(title: "Limits") var limits: LimitOptions

    @Option(help: "Seconds between looks at the models' directories; 0 for never.")
    var reload = 2.0
    @Option(
        help: "Seconds for which /readyz says 503 before the port is closed, when stopping.")
    var drain = 1.0
    @Option(
        help: "What is logged: trace, debug, info (every request), notice, warning, error.")
    var logLevel: LogLevel = .info

    func validate() throws {
        guard !models.isEmpty || !named.isEmpty || runs != nil else {
            throw ValidationError("expected at least one run or model directory, or --runs")
        }
        try Bound.check(port, "--port", 0...65_535)
        try Bound.check(threads, "--threads", 1...1024)
        try Bound.check(reload, "--reload", 0...86_400)
        try Bound.check(drain, "--drain", 0...3600)
    }

    func run() async throws {
        let logger = Logger(label: "knas-serve") { _ in JSONLinesLog(level: logLevel.level) }
        var options = ServerOptions()
        options.host = host
        options.port = port
        options.threads = threads
        options.reloadSeconds = reload
        options.drainSeconds = drain
        options.token = try tokenFile.map {
            try BearerToken(contentsOf: URL(fileURLWithPath: $0))
        }
        options.runs = runs.map { URL(fileURLWithPath: $0, isDirectory: true) }
        limits.set(&options)
        let places =
            try models.map { try ModelPlace($0) }
            + named.map { try ModelPlace($0.path, name: $0.name) }
        let server = try ClassificationServer(places, options, logger)
        if options.token == nil, !["127.0.0.1", "::1", "localhost"].contains(host) {
            logger.warning(
                "whoever reaches this address can classify: no --token-file is given",
                metadata: ["host": "\(host)"])
        }
        try await server.run(stoppedBy: [.sigterm, .sigint])
    }
}

/// `NAME=MODEL`.
struct NamedModel: ExpressibleByArgument {
    let name: String
    let path: String

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return nil }
        (name, path) = (parts[0], parts[1])
    }

    var defaultValueDescription: String { "\(name)=\(path)" }
}

/// A level of events.
enum LogLevel: String, ExpressibleByArgument, CaseIterable {
    case trace, debug, info, notice, warning, error

    var level: Logger.Level { Logger.Level(rawValue: rawValue) ?? .info }
}

@main
enum Main {
    static func main() async {
        StandardStreams.open()
        // Otherwise every thread keeps what its largest request took.
        knas_return_freed_memory()
        // As in the program `knas`: libraries' own ends may wait for threads for ever.
        _exit(await status())
    }

    private static func status() async -> Int32 {
        do {
            var command = try KNASServe.parseAsRoot(
                Array(CommandLine.arguments.dropFirst()).joiningNegativeNumbers)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            return 0
        } catch let error as any DiagnosedError {
            StandardStreams.diagnose("knas-serve: \(error.description.safeForTerminal)\n")
            return error.kind.rawValue
        } catch  where String(reflecting: type(of: error)).hasPrefix("ArgumentParser.") {
            return KNASServe.report(error)
        } catch {
            StandardStreams.diagnose("knas-serve: \("\(error)".safeForTerminal)\n")
            return ErrorKind.internalError.rawValue
        }
    }
}

extension KNASServe {
    /// Prints help, or what is wrong with the command line.
    fileprivate static func report(_ error: any Error) -> Int32 {
        let code = exitCode(for: error)
        let text = fullMessage(for: error)
        guard code.isSuccess else {
            StandardStreams.diagnose(text.safeForTerminal + "\n")
            return code.rawValue
        }
        do {
            try StandardStreams.writeLine(text)
            try StandardStreams.close()
            return 0
        } catch {
            return error is ReaderGone ? 0 : ErrorKind.inputOutput.rawValue
        }
    }
}
