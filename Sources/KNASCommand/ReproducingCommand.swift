import Foundation
import Support

/// The command line that reproduces a run's result, from the one that started this process.
///
/// What was typed is kept, except for what changes no result, so new options need no mention here.
struct ReproducingCommand {
    /// Options with a value that change no result.
    private static let withValue: Set<String> = [
        "--run", "--threads", "--log-level", "--time-limit",
    ]
    /// Flags that change no result.
    private static let flags: Set<String> = [
        "--resume", "--overwrite", "--json", "--quiet", "-q", "--finish", "--frozen",
    ]
    /// A path of data on this machine means nothing elsewhere.
    private static let directory = "--data"
    /// Of these the name is shown.
    private static let files: Set<String> = ["--test", "--dev"]
    /// What follows are arguments, whatever they look like.
    private static let terminator = "--"

    /// Quoted for a shell.
    let text: String

    /// - Parameters:
    ///   - arguments: the program and what was typed after it.
    ///   - task: the task as it was typed, which may be a path.
    ///   - name: the task's name, which is shown instead.
    init(_ arguments: [String], task: String, name: String) {
        var words = ["knas"]
        var rest = arguments.dropFirst()
        while let word = rest.popFirst() {
            let option = String(word.unicodeScalars.prefix { $0 != "=" })
            let hasValue = option != word
            if word == Self.terminator {
                words += [word] + rest.map { $0 == task ? name : $0 }
                break
            }
            if Self.flags.contains(word) { continue }
            if Self.withValue.contains(option) {
                if !hasValue { _ = rest.popFirst() }
            } else if option == Self.directory {
                if !hasValue { _ = rest.popFirst() }
                words += [option, "DIR"]
            } else if Self.files.contains(option) {
                let path = hasValue ? String(word.dropFirst(option.count + 1)) : rest.popFirst()
                words += [option, URL(fileURLWithPath: path ?? "").lastPathComponent]
            } else {
                words.append(word == task ? name : word)
            }
        }
        text = ShellWord.join(words)
    }
}
