import ArgumentParser
import KNAS
import Serving
import Support

/// How much is taken from clients.
struct LimitOptions: ParsableArguments {
    @Option(help: "Largest body of a request, e.g. 4MB.", transform: Self.size)
    var maxBody = ByteSize(4_000_000)
    @Option(help: "Texts, or pairs, in a request.") var maxTexts = 1024
    @Option(help: "Characters of a text.") var maxCharacters = 20_000
    @Option(help: "Texts that may wait for each model; beyond them the answer is 503.")
    var queue = 4096
    @Option(help: "Texts that are classified together.") var batch = 64
    @Option(
        help: "Seconds for a body to arrive, and again for its texts to be classified.")
    var timeout = 30.0
    @Option(help: "Seconds for which a connection may be silent.") var idleTimeout = 60.0
    @Option(help: "Connections at a time; others wait until one is closed.")
    var maxConnections = 1000

    private static func size(_ text: String) throws -> ByteSize {
        guard let size = ByteSize(text) else {
            throw ValidationError("expected a size such as 4MB or 500kB, found \(text)")
        }
        return size
    }

    func validate() throws {
        try Bound.check(maxBody.bytes, "--max-body", 1...1_000_000_000)
        try Bound.check(maxTexts, "--max-texts", 1...1_000_000)
        try Bound.check(maxCharacters, "--max-characters", 1...1_000_000_000)
        try Bound.check(queue, "--queue", 1...10_000_000)
        try Bound.check(batch, "--batch", 1...4096)
        try Bound.check(timeout, "--timeout", 0.01...86_400)
        try Bound.check(idleTimeout, "--idle-timeout", 0.01...86_400)
        try Bound.check(maxConnections, "--max-connections", 1...1_000_000)
        guard queue >= maxTexts else {
            throw ValidationError(
                "--queue is \(queue): expected at least --max-texts (\(maxTexts)), or the largest "
                    + "requests could never be taken")
        }
    }

    func set(_ options: inout ServerOptions) {
        options.limits.bodyBytes = maxBody.bytes
        options.limits.texts = maxTexts
        options.limits.characters = maxCharacters
        options.limits.seconds = timeout
        options.queue.waiting = queue
        options.queue.batch = batch
        options.idleSeconds = idleTimeout
        options.connections = maxConnections
    }
}

enum Bound {
    /// - Throws: `ValidationError`.
    static func check<Value: Comparable>(
        _ value: Value, _ option: String, _ range: ClosedRange<Value>
    ) throws {
        guard range.contains(value) else {
            throw ValidationError(
                "\(option) is \(value): expected \(range.lowerBound) to \(range.upperBound)")
        }
    }
}
