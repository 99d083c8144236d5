import Foundation
import PackagePlugin

/// `swift package search-heads`: searches for the best classifier head for a task and puts the
/// model into a target's directory, as a resource.
@main
struct SearchHeads: CommandPlugin {
    private static let help = """
        Searches for the best classifier head for a task and puts the model into a target.

        USAGE: swift package --allow-writing-to-package-directory search-heads
                   --task FILE --target NAME [--output Model] [--data DIR] [-- options of knas search]

        --task    the task's definition (.yml), relative to the package
        --target  the target whose directory gets the model
        --output  the model's directory inside the target's (default: Model), which is replaced
        --data    the directory of the task's data

        EXAMPLE
          swift package --allow-writing-to-package-directory search-heads \\
              --task triage.yml --target Triage -- --candidates 200 --keep 4

        Declare the directory in the target: resources: [.copy("Model")]. The model refers to the encoder
        by name: install it with 'knas encoder install' where the program runs.
        """

    func performCommand(context: PluginContext, arguments: [String]) throws {
        let parts = arguments.split(separator: "--", maxSplits: 1, omittingEmptySubsequences: false)
        var own = ArgumentExtractor(Array(parts[0]))
        let search = parts.count > 1 ? Array(parts[1]) : []
        if own.extractFlag(named: "help") > 0 {
            print(Self.help)
            return
        }
        let package = context.package.directoryURL
        guard let task = own.extractOption(named: "task").last,
            let name = own.extractOption(named: "target").last
        else {
            throw Failure("--task and --target are needed; see 'swift package search-heads --help'")
        }
        let output = own.extractOption(named: "output").last ?? "Model"
        let data = own.extractOption(named: "data").last
        guard own.remainingArguments.isEmpty else {
            throw Failure(
                "unexpected \(own.remainingArguments.joined(separator: " ")); options of the search "
                    + "go after --")
        }
        let targets = context.package.targets.compactMap { $0 as? SourceModuleTarget }
        guard let target = targets.first(where: { $0.name == name }) else {
            throw Failure(
                "the package has no target '\(name)'; it has "
                    + targets.map(\.name).joined(separator: ", "))
        }
        guard !output.isEmpty, !output.hasPrefix("/"), !output.split(separator: "/").contains("..")
        else { throw Failure("--output \(output): expected a directory inside the target's") }
        let tool = try buildProgram()

        let run = context.pluginWorkDirectoryURL.appendingPathComponent("run-\(name)")
        func absolute(_ path: String) -> String {
            URL(fileURLWithPath: path, relativeTo: package).path
        }
        var command = ["search", absolute(task), "--run", run.path, "--overwrite"]
        if let data { command += ["--data", absolute(data)] }
        let process = Process()
        process.executableURL = tool
        process.arguments = command + search
        process.currentDirectoryURL = package
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure("knas search ended with code \(process.terminationStatus)")
        }
        try replace(
            target.directoryURL.appendingPathComponent(output),
            with: run.appendingPathComponent("model"))
        print("model:  \(target.directoryURL.appendingPathComponent(output).path)")
    }

    /// Builds `knas`, optimised whatever the configuration of the package.
    ///
    /// A tool that a plugin declares is built separately from the package, with everything that it
    /// depends on. What is built here shares all of that with a target that uses the library.
    private func buildProgram() throws -> URL {
        print("building knas; the first time takes a few minutes")
        let build = try packageManager.build(
            .product("knas"), parameters: .init(configuration: .release, logging: .concise))
        let program = build.builtArtifacts.first {
            $0.kind == .executable && $0.url.lastPathComponent == "knas"
        }
        guard build.succeeded, let program else {
            throw Failure("knas cannot be built:\n\(build.logText)")
        }
        return program.url
    }

    /// The copy is complete before it replaces what was there.
    private func replace(_ place: URL, with model: URL) throws {
        let manager = FileManager.default
        let copy = place.deletingLastPathComponent()
            .appendingPathComponent(".\(place.lastPathComponent).new")
        if manager.fileExists(atPath: copy.path) { try manager.removeItem(at: copy) }
        try manager.createDirectory(
            at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
        try manager.copyItem(at: model, to: copy)
        if manager.fileExists(atPath: place.path) { try manager.removeItem(at: place) }
        try manager.moveItem(at: copy, to: place)
    }

    private struct Failure: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }
}
