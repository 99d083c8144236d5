import Support

/// Which columns of a data file are the text, the second text and the label: what the user says, else what
/// names and contents say. What could be meant in two ways is an error that lists the columns.
struct ColumnRoles {
    let text: ColumnProfile
    let pair: ColumnProfile?
    let label: ColumnProfile
    /// What the label's column holds.
    let content: LabelContent

    /// - Throws: ``TaskError/guess(path:problem:advice:)``, ``TaskError/noColumn(path:option:name:found:suggestion:)``.
    init(_ table: TableProfile, _ options: DataFileOptions) throws {
        let finder = ColumnFinder(table: table, options: options)
        let text = try finder.given("--text", options.text)
        let pair = try finder.given("--pair", options.pair)
        let given = try finder.given("--label", options.label)
        let chosen = [text, pair, given].compactMap { $0 }
        guard Set(chosen).count == chosen.count else {
            throw finder.unclear("--text, --pair and --label must name different columns")
        }
        let (label, content) =
            try given.map { ($0, try finder.content(ofGiven: $0)) } ?? finder.label(besides: chosen)
        let found = try finder.texts(text: text, pair: pair, label: label)
        self.text = table.columns[found.text]
        self.pair = found.pair.map { table.columns[$0] }
        self.label = table.columns[label]
        self.content = content
    }

    /// As a task file has them.
    var columns: TaskDefinition.Columns {
        TaskDefinition.Columns(text: text.name, pair: pair?.name, label: label.name)
    }
}

/// Finds the columns one by one.
private struct ColumnFinder {
    let table: TableProfile
    let options: DataFileOptions

    private var columns: [ColumnProfile] { table.columns }

    private func name(_ place: Int) -> ColumnName {
        // Numbers of columns say nothing.
        ColumnName(table.hasHeader ? columns[place].name : "")
    }

    private func isOther(_ place: Int) -> Bool { table.hasHeader && name(place).isOther }

    // MARK: What the user says

    /// The column of an option: by its name, or its number from 1.
    func given(_ option: String, _ value: String?) throws -> Int? {
        guard let value else { return nil }
        if let place = columns.firstIndex(where: { $0.name == value }) { return place }
        if table.format != .json, table.format != .jsonl, let number = Int(value),
            columns.indices.contains(number - 1)
        {
            return number - 1
        }
        let names = columns.map(\.name)
        throw TaskError.noColumn(
            path: table.path, option: option, name: value, found: names,
            suggestion: closestMatch(to: value, in: names))
    }

    // MARK: Label

    private func asLabel(_ place: Int) -> Result<LabelContent, NoLabel> {
        columns[place].asLabel(table.hasHeader ? name(place) : nil, wanted: options.target)
    }

    /// What the column holds that the user names: classes where nothing speaks for something else.
    func content(ofGiven place: Int) throws -> LabelContent {
        switch asLabel(place) {
        case .success(let content): return content
        case .failure(let fault):
            guard options.target == .number else { return .classes }
            throw unclear("the column `\(columns[place].name.excerpt)` \(fault.reason)")
        }
    }

    func label(besides chosen: [Int]) throws -> (Int, LabelContent) {
        let rest = columns.indices.filter { !chosen.contains($0) }
        let ranks = rest.map { name($0).labelRank }
        for rank in 0...2 {
            let named = zip(rest, ranks).filter { $0.1 == rank }.map(\.0)
            // What is merely called a score may stand beside classes.
            let found = named.compactMap(fit).filter { rank < 2 || $0.content.kind != .number }
            if let only = try single(found) { return only }
            // Another column in place of the one that is called label would be a surprise.
            if rank < 2, let first = named.first, case .failure(let fault) = asLabel(first) {
                throw unclear("the column `\(columns[first].name.excerpt)` \(fault.reason)")
            }
        }
        let unnamed = zip(rest, ranks).filter {
            ($0.1 ?? 2) == 2 && !isOther($0.0) && (name($0.0).textRank ?? 9) > 1
        }.map(\.0)
        let all = unnamed.compactMap(fit)
        // Measured numbers only where nothing is a class.
        let classes = all.filter { $0.content.kind != .number }
        var found = classes.isEmpty ? all : classes
        // Of two columns without names, the one with far fewer values.
        if found.count == 2, rest.count == 2 {
            found.sort { columns[$0.place].distinct < columns[$1.place].distinct }
            if columns[found[0].place].distinct * 3 <= columns[found[1].place].distinct {
                found.removeLast()
            }
        }
        if let only = try single(found) { return only }
        // What is seldom a label, such as a language, where there is nothing else.
        let last = rest.filter { isOther($0) && !columns[$0].isNumeric }.compactMap(fit)
        if let only = try single(last) { return only }
        let others = rest.filter {
            !isOther($0) && columns[$0].faultAsText(isNamed: false) != nil
        }
        let why = others.prefix(3)
            .compactMap { place -> String? in
                guard case .failure(let fault) = asLabel(place) else { return nil }
                return "; `\(columns[place].name.excerpt)` \(fault.reason)"
            }
        throw unclear(
            "no column has the values of a label, a few that recur" + why.joined())
    }

    /// A column that can be the label's.
    private typealias Found = (place: Int, content: LabelContent)

    private func fit(_ place: Int) -> Found? {
        guard case .success(let content) = asLabel(place) else { return nil }
        return (place, content)
    }

    /// The only column of a list, or the one with words of several that have the same classes.
    /// - Throws: where several remain.
    private func single(_ found: [Found]) throws -> (Int, LabelContent)? {
        guard let first = found.first else { return nil }
        if found.count == 1 { return first }
        if found.dropFirst().allSatisfy({ columns[first.place].isRenaming(of: columns[$0.place]) })
        {
            return found.first { !columns[$0.place].isNumeric } ?? first
        }
        throw unclear(
            "\(list(found.map(\.place))) could all be the label",
            advice: found.map { "--label \(typed($0.place))" })
    }

    // MARK: Texts

    func texts(text: Int?, pair: Int?, label: Int) throws -> (text: Int, pair: Int?) {
        if let text { return (text, pair) }
        let rest = columns.indices.filter { $0 != label && $0 != pair && !isOther($0) }
        let ranks = Dictionary(uniqueKeysWithValues: rest.map { ($0, name($0).textRank) })
        let named = rest.filter {
            ranks[$0] != .some(nil) && columns[$0].faultAsText(isNamed: true) == nil
        }
        if pair == nil {
            let candidates = rest.filter { columns[$0].faultAsText(isNamed: true) == nil }
            if let sides = try sides(candidates, named: named) { return sides }
        }
        for rank in 0...2 {
            let found = named.filter { ranks[$0] == rank }
            if found.count == 1 { return (found[0], pair) }
            if found.count > 1 { throw severalTexts(found) }
        }
        let found = rest.filter { columns[$0].faultAsText(isNamed: false) == nil }
        if found.count == 1 { return (found[0], pair) }
        if found.count > 1 { throw severalTexts(found) }
        let called = rest.first { (name($0).textRank ?? 9) < 2 }
        if let called, let fault = columns[called].faultAsText(isNamed: true) {
            throw unclear("the column `\(columns[called].name.excerpt)` \(fault)")
        }
        throw unclear("no column has texts beside the label `\(columns[label].name.excerpt)`")
    }

    /// Two columns whose names say that they are the sides of a pair.
    private func sides(_ candidates: [Int], named: [Int]) throws -> (text: Int, pair: Int?)? {
        var found: [(rank: Int, text: Int, pair: Int)] = []
        for one in candidates {
            for other in candidates where one != other {
                switch name(one).pairing(with: name(other)) {
                case .sides(let rank)?: found.append((rank, one, other))
                case .possible?:
                    throw unclear(
                        "`\(columns[one].name.excerpt)` and `\(columns[other].name.excerpt)` may be "
                            + "a pair, or one of them is what is classified",
                        advice: [
                            "--text \(typed(one)) --pair \(typed(other))", "--text \(typed(one))",
                            "--text \(typed(other))",
                        ])
                case nil: break
                }
            }
        }
        let best = found.filter { $0.rank == found.map(\.rank).min() }
        guard let first = best.first else { return nil }
        guard best.count == 1 else {
            throw unclear(
                "there are several pairs of texts",
                advice: best.map { "--text \(typed($0.text)) --pair \(typed($0.pair))" })
        }
        // A text beside the pair may be what is meant.
        let others = named.filter {
            $0 != first.text && $0 != first.pair && name($0).textRank == 0
                && !found.map(\.text).contains($0) && !found.map(\.pair).contains($0)
        }
        guard others.isEmpty || first.rank == 0 else {
            throw severalTexts(others + [first.text, first.pair])
        }
        return (first.text, first.pair)
    }

    // MARK: Messages

    private func severalTexts(_ found: [Int]) -> TaskError {
        unclear(
            "\(list(found)) could all be the text",
            advice: found.map { "--text \(typed($0))" }
                + (found.count == 2 && options.pair == nil
                    ? ["--text \(typed(found[0])) --pair \(typed(found[1]))"] : []))
    }

    private func list(_ places: [Int]) -> String {
        let names = places.map { "`\(columns[$0].name.excerpt)`" }
        return names.dropLast().joined(separator: ", ") + " and " + (names.last ?? "")
    }

    private func typed(_ place: Int) -> String { ShellWord.quoted(columns[place].name) }

    /// - Parameter advice: what to type; empty: any of the options.
    func unclear(_ problem: String, advice: [String] = []) -> TaskError {
        .guess(
            path: table.path,
            problem: problem + "\n" + ColumnTable.lines(columns).joined(separator: "\n"),
            advice: advice.isEmpty
                ? ["--text COLUMN --label COLUMN", "--text COLUMN --pair COLUMN --label COLUMN"]
                : advice)
    }
}

/// The columns of a file for people: name, an example, what is in it.
enum ColumnTable {
    /// The most columns that are listed.
    private static let most = 30

    static func lines(_ columns: [ColumnProfile]) -> [String] {
        let names = columns.prefix(most).map(\.name.excerpt)
        let width = names.map(\.count).max() ?? 0
        return zip(names, columns).map { name, column in
            let example = column.examples.first.map { ", e.g. \($0.excerpt)" } ?? ""
            return "  " + name + String(repeating: " ", count: width - name.count) + "  "
                + column.summary + example
        } + (columns.count > most ? ["  and \(columns.count - most) more columns"] : [])
    }
}
