import Foundation
import Support

/// The command line that reproduces a run's result, from the one that started this process.
///
/// What was typed is kept, except for what changes no result, so new options need no mention here.
struct ReproducingCommand {
    /// Options with a value that change no result.
    private static let withValue: Set<String> = ["--run", "--threads", "--log-level"]
    /// Flags that change no result.
    private static let flags: Set<String> = ["--resume", "--overwrite", "--json", "--quiet", "-q"]
    /// A path of data on this machine means nothing elsewhere.
    private static let directory = "--data"

    /// Quoted for a shell.
    let text: String

    /// - Parameter arguments: the program and what was typed after it.
    init(_ arguments: [String]) {
        var words = ["knas"]
        var rest = arguments.dropFirst()
        while let word = rest.popFirst() {
            let name = String(word.prefix { $0 != "=" })
            let hasValue = name.count < word.count
            if Self.flags.contains(word) { continue }
            if Self.withValue.contains(name) {
                if !hasValue { _ = rest.popFirst() }
            } else if name == Self.directory {
                if !hasValue { _ = rest.popFirst() }
                words += [name, "DIR"]
            } else if words.count == 2, !word.hasPrefix("-") {
                // The task's file, by its name only.
                words.append(
                    URL(fileURLWithPath: word).deletingPathExtension().lastPathComponent)
            } else {
                words.append(word)
            }
        }
        text = ShellWord.join(words)
    }
}
