extension [String] {
    /// The arguments of a command line with each negative number joined to the option before it, as in
    /// `--port=-1`: in `--port -1` the parser would take the number for another option, and say that the
    /// value is missing rather than what it may be.
    public var joiningNegativeNumbers: [String] {
        var joined: [String] = []
        for (place, argument) in enumerated() {
            if argument == "--" { return joined + self[place...] }
            if argument.isNegativeNumber, let last = joined.last, last.isOption {
                joined[joined.count - 1] += "=" + argument
            } else {
                joined.append(argument)
            }
        }
        return joined
    }
}

extension String {
    /// `-1`, `-0.5`, `-.5`, `-1e3`, `-5%`.
    fileprivate var isNegativeNumber: Bool {
        hasPrefix("-") && dropFirst().drop { $0 == "." }.first?.isWholeNumber == true
    }

    /// The name of an option without a value.
    fileprivate var isOption: Bool {
        hasPrefix("-") && !contains("=") && drop { $0 == "-" }.first?.isLetter == true
    }
}
