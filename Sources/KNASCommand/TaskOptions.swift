import ArgumentParser
import Encoders
import Foundation
import KNAS
import Selection
import Support
import Tasks
import Tensors

extension PairingChoice: ExpressibleByArgument {}
extension Split: ExpressibleByArgument {}

extension LayerSelection: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
    public var defaultValueDescription: String { description }
}

/// Which task, where its data is, and how rows are read.
struct TaskOptions: ParsableArguments {
    @Argument(
        help: """
            A data file (CSV, TSV, JSON), a directory of class folders, a task definition (.yml), or the name \
            of one in tasks/.
            """)
    var task: String

    @OptionGroup(title: "Data file") var dataFile: DataFileArguments

    @Option(help: "Directory of the task's data files (default: that of the definition).")
    var data: String?

    @Flag(help: "Leave out bad rows (and count them) instead of stopping.")
    var skipBadRows = false

    @Option(
        help: ArgumentHelp(
            "How pairs are encoded: as one sequence (joint), separately (siamese), or as the task says.",
            discussion: "With both, a search has heads of either kind."))
    var pairing = PairingChoice.task

    @Option(name: .customLong("max-tokens"), help: "Longest sequence in tokens.")
    var maximumTokens: Int?

    /// Where `tasks/` is searched for: here, above the program, and where it is installed.
    static var searchPaths: [URL] {
        var paths = [URL(fileURLWithPath: FileManager.default.currentDirectoryPath)]
        if let program = Bundle.main.executableURL?.resolvingSymlinksInPath() {
            var directory = program.deletingLastPathComponent()
            for _ in 0..<4 {
                paths.append(directory)
                // Where `make install` puts them, beside the program's directory.
                paths.append(directory.appendingPathComponent("share/knas"))
                directory = directory.deletingLastPathComponent()
            }
        }
        return paths
    }

    func definitionURL() throws -> URL {
        let url = try TaskLocator.find(task, searchPaths: Self.searchPaths)
        try require(
            data == nil || TaskLocator.isTaskFile(url), "--data", data ?? "",
            "nothing beside a data file, which is found by its own path")
        return url
    }

    /// What others can type for the task: its name where that finds it, else its file's name.
    func shownName() throws -> String {
        let definition = try definitionURL()
        let name = TaskLocator.stem(of: definition)
        let found = try? TaskLocator.find(name, searchPaths: Self.searchPaths)
        return found?.standardizedFileURL == definition.standardizedFileURL
            ? name : definition.standardizedFileURL.lastPathComponent
    }

    /// What the task's file says, or is taken for, which is then shown.
    /// - Throws: as `TaskDefinition.load`; `BadOption` where `--data` is given for a data file.
    func definition(_ console: Console?) throws -> TaskDefinition {
        let url = try definitionURL()
        let definition = try TaskDefinition.load(url, options: dataFile.options)
        if !definition.guess.isEmpty {
            console?.note(definition.guess.joined(separator: "\n"))
        }
        return definition
    }

    var dataURL: URL? { data.map { URL(fileURLWithPath: $0, isDirectory: true) } }

    func validate() throws {
        if let maximumTokens, maximumTokens < 8 {
            throw ValidationError("--max-tokens is \(maximumTokens): expected 8 or more")
        }
    }

    /// Reads the task for work with a single pairing.
    /// - Parameter console: where it is shown what a data file is taken for; `nil`: it is not.
    /// - Throws: `BadOption` where both are chosen, and what reading throws.
    func load(_ console: Console?) throws -> Dataset {
        let dataset = try Dataset.load(
            definition(console), dataDirectory: dataURL,
            options: Dataset.Options(
                skipBadRows: skipBadRows, pairing: try onePairing(),
                maximumTokens: maximumTokens))
        try require(
            pairing == .task || dataset.pairing != nil, "--pairing", pairing.rawValue,
            "nothing for \(dataset.name), a task of single texts")
        return dataset
    }

    /// Reads the task for a model, which has its pairing and its length already.
    /// - Throws: `BadOption` where one of them is given, and what reading throws.
    func loadForModel(_ console: Console) throws -> Dataset {
        try require(
            pairing == .task, "--pairing", pairing.rawValue, "nothing: the model has its pairing")
        try require(
            maximumTokens == nil, "--max-tokens", maximumTokens ?? 0,
            "nothing: the model has its longest sequence")
        return try load(console)
    }

    /// The pairing in place of the task's, for commands that take one; `nil` for the task's own.
    /// - Throws: `BadOption` where both are chosen.
    func onePairing() throws -> Pairing? {
        try require(
            pairing != .both, "--pairing", "both",
            "joint or siamese; only search, its pieces, correlate and audit take both")
        return pairing.single
    }
}

extension Precision: ExpressibleByArgument {}

/// What the encoder computes in.
struct PrecisionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "What the encoder's linear layers are computed in.",
            discussion: """
                bf16 rounds what is multiplied to bfloat16: nearly twice as fast on processors with \
                AVX512-BF16, where oneDNN (libdnnl-dev) was there when the program was built. Where \
                encoder layers are trained (--unfreeze), their gradients are computed so too; the \
                weights stay float32.
                """))
    var precision = Precision.float32
}

/// Which encoders, and how many threads to use.
struct EncoderOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Name of an installed encoder, or a path to its directory; or several, separated by commas.",
            discussion: "With several, a search has heads on each of them."))
    var encoder: String = EncoderStore.defaultName

    @Option(
        help: ArgumentHelp(
            "The encoder's layers that heads may read: auto, 10, 8-12, 6,9,12, last, all or upper-third.",
            discussion: """
                0 is the embeddings' output. Heads read one of them or a learned mix. A search with auto \
                fits a linear head on every layer, on a sample of the training rows, and keeps the best \
                four; for other commands auto means all.
                """))
    var layers = LayerSelection.automatic

    @OptionGroup var precision: PrecisionOptions

    @Option(help: "Threads (default: all cores). The results do not depend on it.")
    var threads: Int = Parallel.availableThreads

    func validate() throws {
        guard (1...1024).contains(threads) else {
            throw ValidationError("--threads is \(threads): expected 1 to 1024")
        }
    }

    /// Names or paths.
    var encoders: [String] { Self.names(in: encoder) }

    /// The names or paths in a list that is separated by commas.
    static func names(in list: String) -> [String] {
        // A directory may have a comma in its name.
        if (try? EncoderStore.find(list)) != nil { return [list] }
        return list.split(separator: ",", omittingEmptySubsequences: false).map {
            $0.trimmingCharacters(in: .whitespaces)
        }
    }

    /// The encoder, for commands that take one.
    /// - Throws: `BadOption` where several are given.
    func oneEncoder() throws -> String {
        try require(
            encoders.count == 1, "--encoder", encoder,
            "one encoder; only search, its pieces, correlate and audit take several")
        return encoder
    }
}
