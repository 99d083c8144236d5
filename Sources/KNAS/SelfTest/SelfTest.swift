import Encoders
import Foundation
import Support

/// Whether an installed program works: each part once, on made-up texts and an encoder of random weights,
/// in seconds, without a network.
///
///     let test = try SelfTest()
///     print(test.checks.filter { $0.problem != nil })
public struct SelfTest: Sendable, Encodable {
    /// A part and what is wrong with it.
    public struct Check: Sendable, Hashable, Encodable {
        /// What was tried.
        public let name: String
        /// What was found; empty where there is nothing to say.
        public let finding: String
        /// Why it does not work; `nil` where it does.
        public let problem: String?
        /// Wall seconds.
        public let seconds: Double
    }

    /// In the order in which they were tried.
    public private(set) var checks: [Check] = []

    /// Whether all is well.
    public var passes: Bool { checks.allSatisfy { $0.problem == nil } }

    private enum CodingKeys: String, CodingKey { case checks, passes }

    public func encode(to encoder: any Swift.Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(checks, forKey: .checks)
        try container.encode(passes, forKey: .passes)
    }

    /// Tries everything. Works in a directory of its own, which is removed; nothing else is written.
    /// - Parameters:
    ///   - threads: threads to work with.
    ///   - progress: called as the searches proceed; may ask for a stop.
    ///   - onCheck: called after each check.
    /// - Throws: what `progress`, as `Interrupted`, and `onCheck` throw.
    public init(
        threads: Int = Parallel.availableThreads, progress: ProgressHandler? = nil,
        onCheck: (Check) throws -> Void = { _ in }
    ) throws {
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("knas-self-test-\(UUID().uuidString)", isDirectory: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let bench = SelfTestBench(directory: directory, threads: threads, progress: progress)
        let parts: [(String, () throws -> String)] = [
            ("matrix products", { try SelfTestBench.products() }),
            ("an encoder", { try bench.encoder() }), ("a search", { try bench.search() }),
            ("the same search again", { try bench.repetition() }),
            ("classifying texts", { try bench.answers() }),
            ("export to ONNX", { try bench.export() }),
        ]
        var isWhole = true
        for (name, body) in parts where isWhole {
            let check = try Self.check(name, body)
            // What follows works on what came before.
            isWhole = check.problem == nil
            checks.append(check)
            try onCheck(check)
        }
        for name in EncoderStore.installed() {
            let check = try Self.check("encoder \(name)") { try bench.installed(name) }
            checks.append(check)
            try onCheck(check)
        }
    }

    private static func check(_ name: String, _ body: () throws -> String) throws -> Check {
        let clock = ContinuousClock()
        let start = clock.now
        var (finding, problem) = ("", String?.none)
        do {
            finding = try body()
        } catch let error as Interrupted {
            throw error
        } catch {
            problem = "\(error)"
        }
        return Check(
            name: name, finding: finding, problem: problem,
            seconds: (clock.now - start).inSeconds)
    }
}

/// Something that did not come out as it has to.
struct SelfTestFailure: Error, CustomStringConvertible {
    let description: String

    /// - Throws: itself where `isRight` does not hold.
    static func unless(_ isRight: Bool, _ problem: @autoclosure () -> String) throws {
        guard isRight else { throw SelfTestFailure(description: problem()) }
    }
}
