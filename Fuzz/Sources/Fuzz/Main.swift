import ArgumentParser
import Foundation
import Mutations

/// Gives readers damaged files and reports how they coped.
@main
struct Fuzz: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fuzz",
        abstract: "Gives every reader damaged files, in processes that may crash.")

    @Option(help: "The reader, or all of them.")
    var reader = "all"
    @Option(help: "Cases for each reader.")
    var cases = 10_000
    @Option(help: "The number of the first case.")
    var first = 0
    @Option(help: "Determines all cases, together with the valid files of the corpus.")
    var seed: UInt64 = 1
    @Option(help: "Where valid files and failing cases are kept.")
    var corpus = ".build/corpus"
    @Option(help: "Number of worker processes.")
    var threads = 2
    @Option(help: "Seconds without an answer that count as a hang.")
    var hang = 1.0
    @Option(help: "MiB of address space that a worker may use beyond what it starts with.")
    var memory = 1_024
    @Option(help: "Seconds after which no more cases are started.")
    var seconds = 86_400.0
    @Option(help: "Where workers keep their files; best in memory.")
    var workspace: String?
    @Option(help: "Read one directory of files, e.g. a failing case, in this process.")
    var read: String?
    @Option(help: .private)
    var worker: String?

    func run() throws {
        let readers = Reader.all.filter { reader == "all" || $0.name == reader }
        guard !readers.isEmpty else {
            throw ValidationError(
                "unknown reader '\(reader)': expected all or one of "
                    + Reader.all.map(\.name).joined(separator: ", "))
        }
        let corpusURL = URL(fileURLWithPath: corpus)
        if let read { return try readers[0].read(URL(fileURLWithPath: read)) }
        if let worker {
            return try Worker(
                reader: readers[0], seed: seed, corpus: Corpus.load(readers[0], corpusURL),
                workspace: URL(fileURLWithPath: worker), memoryMiB: memory
            ).run(first..<first + cases)
        }
        let deadline = Status.now + UInt64(seconds * 1e9)
        let workspace = try makeWorkspace()
        defer { try? FileManager.default.removeItem(at: workspace) }
        var reports: [Report] = []
        for reader in readers {
            let report = try Coordinator(
                reader,
                .init(
                    cases: cases, first: first, seed: seed, corpus: corpusURL,
                    workspace: workspace, threads: threads, hangSeconds: hang, memoryMiB: memory,
                    deadline: deadline)
            ).run()
            reports.append(report)
            for failure in report.failures.prefix(20) {
                print("\(reader.name) \(failure.index): \(failure.kind.rawValue): \(failure.text)")
            }
        }
        print(Report.table(reports))
        if reports.contains(where: { !$0.failures.isEmpty }) { throw ExitCode(1) }
    }

    private func makeWorkspace() throws -> URL {
        let memory = "/dev/shm"
        let parent =
            workspace.map { URL(fileURLWithPath: $0) }
            ?? (FileManager.default.isWritableFile(atPath: memory)
                ? URL(fileURLWithPath: memory) : FileManager.default.temporaryDirectory)
        let url = parent.appendingPathComponent("knas-fuzz-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        return url
    }
}
