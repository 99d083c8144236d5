import ArgumentParser
import Support

/// Answers an unknown command with the one that was probably meant; the parser itself would call it
/// an unexpected argument.
enum Misspelling {
    /// - Throws: ``UnknownCommand`` where a word in a command's place is not a command.
    static func check(_ arguments: [String]) throws {
        var words = arguments[...]
        // `knas help search` refers to the same command as `knas search`.
        if words.first == "help" { words = words.dropFirst() }
        var command: any ParsableCommand.Type = KNASCommand.self
        while let word = words.popFirst(), !word.hasPrefix("-") {
            let known = command.configuration.subcommands
            if known.isEmpty || word == "help" { return }
            guard let next = known.first(where: { name(of: $0) == word }) else {
                throw UnknownCommand(name: word, known: known.map(name))
            }
            command = next
        }
    }

    /// As the parser derives it from the type's name, a single word, where none is given.
    private static func name(of command: any ParsableCommand.Type) -> String {
        command.configuration.commandName ?? "\(command)".lowercased()
    }
}

/// A word in a command's place that is not a command.
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
