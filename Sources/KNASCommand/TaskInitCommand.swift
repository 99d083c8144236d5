import ArgumentParser
import Foundation
import Support
import Tasks

extension TaskCommand {
    /// Writes down what a data file is taken for.
    struct Init: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Writes a commented task file for a data file, to check and change.",
            discussion: """
                The columns are guessed from names and contents, or given. The task file gives the same rows \
                and splits as the data file in its place.

                EXAMPLES
                  knas task init messages.csv
                  knas task init messages.csv --output mine.yml
                  knas task init reviews/ --output reviews.yml
                """)
        @Argument(help: "A data file, or a directory of class folders.")
        var file: String
        @OptionGroup var dataFile: DataFileArguments
        @Option(name: .shortAndLong, help: "The file to write (default: standard output).")
        var output: OutputPath?
        @Flag(help: "Replace a file that is there.")
        var overwrite = false
        @OptionGroup var global: GlobalOptions

        private struct Written: Encodable {
            let output: String
        }

        func run() throws {
            let url = try TaskLocator.find(file, searchPaths: TaskOptions.searchPaths)
            let definition = try TaskDefinition.load(url, options: dataFile.options)
            try require(
                !definition.guess.isEmpty, "the data file", file,
                "CSV, TSV, JSON or a directory of class folders; this is a task file already")
            guard let output, !output.isStandardOutput else {
                let here = FileManager.default.currentDirectoryPath
                let text = TaskFileText.text(
                    definition, in: URL(fileURLWithPath: here, isDirectory: true))
                if global.json { return try Console.printJSON(["task": text]) }
                return try StandardStreams.write(text)
            }
            try output.check()
            guard overwrite || !FileManager.default.fileExists(atPath: output.url.path) else {
                throw FileError.notWritable(
                    path: output.url.path, reason: "it is there already; --overwrite replaces it")
            }
            let place = output.url.deletingLastPathComponent()
            try AtomicFile.write(TaskFileText.text(definition, in: place), to: output.url)
            global.console.note(definition.guess.joined(separator: "\n"))
            try global.show(Written(output: output.url.path), output.name)
        }
    }
}
