import ArgumentParser
import Support

/// A command that there is not, answered with the one that was probably meant; the parser itself would
/// call it an unexpected argument.
enum Misspelling {
    /// - Throws: ``UnknownCommand`` where a word stands in a command's place and is none.
    static func check(_ arguments: [String]) throws {
        var words = arguments[...]
        // `knas help search` means the same place in the tree as `knas search`.
        if words.first == "help" { words = words.dropFirst() }
        var command: any ParsableCommand.Type = KNASCommand.self
        while let word = words.popFirst(), !word.hasPrefix("-") {
            let known = command.configuration.subcommands
            if known.isEmpty || word == "help" { return }
            guard let next = known.first(where: { $0._commandName == word }) else {
                throw UnknownCommand(name: word, known: known.map { $0._commandName })
            }
            command = next
        }
    }
}

/// A word in a command's place that is none.
struct UnknownCommand: DiagnosedError {
    let name: String
    let known: [String]

    var kind: ErrorKind { .usage }

    var description: String {
        "there is no command '\(name)'; "
            + (closestMatch(to: name, in: known).map { "did you mean '\($0)'?" }
                ?? "there are \(known.joined(separator: ", "))")
    }
}
