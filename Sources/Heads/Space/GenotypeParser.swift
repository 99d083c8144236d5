extension SearchSpace {
    /// The most operations in a text: twice as many as a search draws. Without a limit, a file of a
    /// few kilobytes could make a graph of any size.
    private static let maximumOperations = 128
    /// The longest text in bytes: each character is looked at several times, at half a microsecond
    /// each.
    private static let maximumBytes = 1 << 16
    /// What is shown of a view's name that is not one.
    private static let maximumNameLength = 200

    /// Reads the text form of a genotype. Choices that are left out have their standard value; the
    /// result is canonical and uses this space's operations (though it may have more blocks than
    /// the space draws). The text may begin with this space's view.
    /// - Throws: ``GenotypeError``.
    public func genotype(_ text: String) throws -> Genotype {
        guard text.utf8.count <= Self.maximumBytes else {
            throw GenotypeError.syntax(
                text: text.prefix(80) + "...", column: 1,
                expected: "at most \(Self.maximumBytes) bytes")
        }
        let (view, operations) = Self.view(in: text)
        if let view, view != context.view {
            throw GenotypeError.unknownView(name: view, known: context.view.map { [$0] } ?? [])
        }
        var genes: [Gene] = []
        var column = 1 + text.distance(from: text.startIndex, to: operations.startIndex)
        for part in operations.split(separator: ">", omittingEmptySubsequences: false) {
            let start = column + part.prefix { $0.isWhitespace }.count
            let trimmed = Self.trim(part)
            guard !trimmed.isEmpty else {
                throw GenotypeError.syntax(text: text, column: start, expected: "an operation")
            }
            guard genes.count < Self.maximumOperations else {
                throw GenotypeError.misplaced(
                    operation: String(trimmed.prefix(80)),
                    reason: "a head has at most \(Self.maximumOperations) operations")
            }
            genes.append(try gene(trimmed, whole: text, column: start))
            column += part.count + 1
        }
        // The layer may be left out: most tasks do well with the standard one.
        if registry[genes[0].operation]?.slot != .source, let source = standardSource {
            genes.insert(source, at: 0)
        }
        try check(genes)
        return Genotype(genes, view: context.view)
    }

    /// The view that a genotype's text begins with, `nil` where it names none, and what comes after.
    static func view(in text: String) -> (name: String?, operations: Substring) {
        guard let end = text.firstIndex(where: { ":(>".contains($0) }), text[end] == ":" else {
            return (nil, text[...])
        }
        let name = trim(text[..<end]).prefix(maximumNameLength)
        return (String(name), text[text.index(after: end)...])
    }

    private var standardSource: Gene? {
        guard let operation = registry.operations(in: .source, context: context).first else {
            return nil
        }
        let values = operation.choices(in: context).map { ($0.name, $0.standard) }
        return Gene(operation, Settings(Dictionary(uniqueKeysWithValues: values)))
    }

    private func gene(_ text: Substring, whole: String, column: Int) throws -> Gene {
        let name = text.prefix { $0 != "(" }
        guard let operation = registry[String(Self.trim(name))] else {
            throw GenotypeError.unknownOperation(
                name: String(Self.trim(name)), known: registry.operations.map(\.name))
        }
        var values = Dictionary(
            uniqueKeysWithValues: operation.choices(in: context).map { ($0.name, $0.standard) })
        let rest = text.dropFirst(name.count)
        if !rest.isEmpty {
            guard rest.last == ")" else {
                throw GenotypeError.syntax(
                    text: whole, column: column + text.count, expected: "')'")
            }
            var seen: Set<String> = []
            for setting in rest.dropFirst().dropLast().split(separator: ",") {
                let sides = setting.split(
                    separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard sides.count == 2 else {
                    let place = whole.distance(
                        from: whole.startIndex, to: setting.startIndex)
                    throw GenotypeError.syntax(
                        text: whole, column: place + 1, expected: "choice=value")
                }
                let key = String(Self.trim(sides[0]))
                let value = String(Self.trim(sides[1]))
                guard let choice = operation.choices(in: context).first(where: { $0.name == key })
                else {
                    throw GenotypeError.unknownChoice(
                        operation: operation.name, name: key,
                        known: operation.choices.map(\.name))
                }
                guard seen.insert(key).inserted else {
                    throw GenotypeError.misplaced(
                        operation: operation.name, reason: "\(key) is given twice")
                }
                guard choice.values.contains(value) else {
                    throw GenotypeError.badValue(
                        operation: operation.name, choice: key, found: value,
                        expected: choice.values)
                }
                values[key] = value
            }
        }
        return Gene(operation, Settings(values))
    }

    /// Checks that slots are in order, that each single one appears once, and that no operation
    /// objects.
    private func check(_ genes: [Gene]) throws {
        var last: Slot?
        var width = context.inputWidth
        for gene in genes {
            guard let operation = registry[gene.operation] else { continue }
            if operation.needsPair, context.segments != 2 {
                throw GenotypeError.misplaced(
                    operation: gene.operation, reason: "this task has no separate segments")
            }
            if let last, operation.slot < last || (operation.slot == last && last != .block) {
                throw GenotypeError.misplaced(
                    operation: gene.operation,
                    reason: "a \(operation.slot) operation cannot follow a \(last) operation")
            }
            if let objection = operation.objection(
                gene.settings, width: width, context: context)
            {
                throw GenotypeError.misplaced(operation: gene.operation, reason: objection)
            }
            width = operation.outputWidth(gene.settings, width: width, context: context)
            last = operation.slot
        }
        for slot in requiredSlots
        where !genes.contains(where: { registry[$0.operation]?.slot == slot }) {
            throw GenotypeError.misplaced(
                operation: "\(slot)", reason: "a head needs one operation of this kind")
        }
    }

    private static func trim(_ text: Substring) -> Substring {
        var text = text.drop { $0.isWhitespace }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return text
    }
}
