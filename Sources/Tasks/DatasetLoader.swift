import Foundation
import Metrics
import Support

/// Assembles a ``Dataset`` from the files of a task.
struct DatasetLoader {
    /// A label column with more distinct values than this is taken to be the wrong column.
    static let maximumInferredClasses = 256

    let definition: TaskDefinition
    let dataDirectory: URL?
    let options: Dataset.Options

    func dataset() throws -> Dataset {
        var variants: [String: [String]] = [:]
        var contents = try read(&variants)
        let badRows = contents.flatMap(\.badRows)
        if !badRows.isEmpty, !options.skipBadRows {
            throw TaskError.badRows(
                badRows, total: contents.reduce(0) { $0 + $1.badRowCount })
        }
        for content in contents where content.rows.isEmpty {
            throw TaskError.noRows(
                path: content.path, split: content.split, skipped: content.badRowCount,
                first: content.badRows.first)
        }
        let labels = try inferOrCheckLabels(&contents)
        let train = contents[0]

        var rows: [Split: [Row]] = [:]
        var origins: [Split: DatasetReport.Origin] = [:]
        var notes = contents.flatMap(\.notes)
        var keepsTogether = false
        var isFold = false
        for content in contents {
            rows[content.split] = content.rows
            origins[content.split] = DatasetReport.Origin(
                file: content.path, skipped: content.badRowCount)
        }
        for (split, source) in [(Split.test, definition.test), (.dev, definition.dev)] {
            guard case .carvedFromTrain(let sample) = source else { continue }
            let rest = rows[.train] ?? []
            var amount = sample
            if split == .dev, let fold = fold(sample, of: rest, whole: train.rows.count) {
                amount.amount = .rows(fold)
                isFold = true
                notes.append(
                    "few rows: dev is one of the parts that are held out in turn (\(fold) of "
                        + "\(rest.count) rows); what answers in the end has seen all of them")
            }
            let carved = try carve(
                amount, out: rest, whole: train.rows.count, split: split, classes: labels.count,
                path: train.path)
            (rows[split], rows[.train]) = (carved.drawn, carved.rest)
            notes += Self.notes(carved.groups, split)
            if carved.groups.isShared { keepsTogether = true }
            origins[split] = DatasetReport.Origin(file: train.path, isCarved: true)
        }
        let unlimited = rows[.train] ?? []
        let limited = try limit(unlimited, classes: labels.count)
        rows[.train] = limited
        origins[.train]?.leftOut = unlimited.count - limited.count

        let examples = rows.mapValues { $0.map(\.example) }
        // Folds are made of groups, too.
        keepsTogether =
            keepsTogether
            || TextGroups((examples[.train] ?? []) + (examples[.dev] ?? [])).isShared
        return Dataset(
            definition: definition, options: options, labels: labels,
            positiveLabel: try positiveLabel(labels), examples: examples,
            digest: digest(contents, keepsTogether: keepsTogether, hasFold: isFold),
            files: Dictionary(
                zip(definition.files.map(\.file), contents.flatMap(\.digests))
            ) { first, _ in first },
            report: DatasetReport(
                labels: labels, examples: examples, origins: origins, badRows: badRows,
                notes: notes,
                similarLabels: SimilarLabels.groups(labels, variants: variants),
                publishedRows: contents.compactMap { content in
                    definition.publishedRows[content.split].map {
                        DatasetReport.PublishedRows(
                            split: content.split, published: $0, found: content.rows.count)
                    }
                }))
    }

    // MARK: Reading

    /// - Parameter variants: gets for each label its spellings in other Unicode normal forms.
    private func read(_ variants: inout [String: [String]]) throws -> [SplitContent] {
        var labels = LabelTable(definition.labels?.map(\.value))
        var targets = TargetReader(definition)
        var contents: [SplitContent] = []
        var paths: [String: Split] = [:]
        for split in Split.allCases {
            let names = definition.files.filter { $0.split == split }.map(\.file)
            guard !names.isEmpty else { continue }
            let urls = names.map { definition.location(of: $0, dataDirectory: dataDirectory) }
            var content = SplitContent(
                split: split, path: urls.map(\.path).joined(separator: ", "))
            for (name, url) in zip(names, urls) {
                let resolved = url.resolvingSymlinksInPath().standardizedFileURL.path
                if let other = paths.updateValue(split, forKey: resolved) {
                    throw TaskError.sameData(
                        first: other, firstPath: url.path, second: split, secondPath: url.path)
                }
                guard let format = definition.format ?? DataFormat(fileName: name) else {
                    throw TaskError.definition(
                        path: definition.url.path, line: 1, column: 1,
                        problem: "no `format`, and `\(name.excerpt)` does not imply one")
                }
                let reader = SplitReader(
                    definition: definition, split: split, format: format,
                    maximumLineBytes: options.maximumLineBytes)
                if format == .folders {
                    let folders = try opening(url, split: split) { try ClassFolders(url) }
                    try reader.read(
                        folders, path: url.path, labels: &labels, targets: &targets, into: &content)
                } else {
                    let file = try opening(url, split: split) { try DataFile(url) }
                    try reader.read(file, labels: &labels, targets: &targets, into: &content)
                }
            }
            if let other = contents.first(where: {
                !Set($0.digests).isDisjoint(with: content.digests)
            }) {
                throw TaskError.sameData(
                    first: other.split, firstPath: other.path, second: split,
                    secondPath: content.path)
            }
            contents.append(content)
            for (index, spellings) in labels.variants {
                variants[labels.values[index], default: []] += spellings.map(\.text)
            }
            guard split == .train, definition.labels == nil, definition.target != .number
            else { continue }
            // With one class every label of the other splits would be unknown.
            if labels.values.count < 2, content.badRowCount == 0, !content.rows.isEmpty {
                throw tooFewLabels(content.path, labels.values.first)
            }
            // Without a list, the classes are those of train.
            labels = LabelTable(labels.values)
        }
        return contents
    }

    /// Calls `body`, which opens a file of the task.
    private func opening<Opened>(
        _ url: URL, split: Split, _ body: () throws -> Opened
    ) throws -> Opened {
        do {
            return try body()
        } catch FileError.missing {
            throw TaskError.missingFile(
                path: url.path, task: definition.name, split: split,
                expected: definition.files.map(\.file), source: definition.source,
                dataDirectoryGiven: dataDirectory != nil)
        }
    }

    // MARK: Classes

    /// The classes; without a list they are sorted, and the labels of all rows renumbered.
    private func inferOrCheckLabels(_ contents: inout [SplitContent]) throws -> [TaskLabel] {
        let train = contents[0]
        if definition.target == .number {
            try checkNumbers(train)
            return []
        }
        let labels: [TaskLabel]
        if let listed = definition.labels {
            labels = listed
        } else {
            let values = train.labelValues
            guard values.count <= Self.maximumInferredClasses else {
                throw TaskError.tooManyClasses(
                    path: train.path, column: definition.columns.label, found: values.count,
                    limit: Self.maximumInferredClasses)
            }
            let order = values.indices.sorted {
                values[$0].utf8.lexicographicallyPrecedes(values[$1].utf8)
            }
            var rank = [Int](repeating: 0, count: values.count)
            for (new, old) in order.enumerated() { rank[old] = new }
            for split in contents.indices {
                for row in contents[split].rows.indices {
                    contents[split].rows[row].example.target.renumber(rank)
                }
            }
            labels = order.map { TaskLabel(value: values[$0]) }
        }
        var counts = labels.map { _ in 0 }
        for row in contents[0].rows {
            for label in row.example.target.indices { counts[label] += 1 }
        }
        let present = counts.indices.filter { counts[$0] > 0 }
        let isMissing = present.count < labels.count
        guard present.count >= 2 || isMissing && !train.unknownLabels.isEmpty else {
            throw tooFewLabels(train.path, present.first.map { labels[$0].value })
        }
        guard present.count == labels.count else {
            let absent = labels.indices.filter { counts[$0] == 0 }
            throw TaskError.classesWithoutRows(
                path: train.path, labels: absent.map { labels[$0].value },
                unlisted: unlisted(train, labels))
        }
        return labels
    }

    /// The labels of train that are not classes, the most frequent first.
    private func unlisted(
        _ train: SplitContent, _ labels: [TaskLabel]
    ) -> [TaskError.UnlistedLabel] {
        train.unknownLabels.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(20).map {
            TaskError.UnlistedLabel(
                value: $0.key, rows: $0.value,
                suggestion: closestMatch(to: $0.key, in: labels.map(\.value)))
        }
    }

    private func positiveLabel(_ labels: [TaskLabel]) throws -> Int? {
        guard let positive = definition.positive else { return nil }
        if let index = labels.firstIndex(where: { $0.value == positive }) { return index }
        if let index = labels.firstIndex(where: { $0.name == positive }) { return index }
        throw TaskError.unknownPositive(
            task: definition.name, found: positive, known: labels.map(\.name))
    }

    /// - Parameter label: the only one that training rows have; `nil` where they have none.
    private func tooFewLabels(_ path: String, _ label: String?) -> TaskError {
        guard definition.target == .oneClass, let label else {
            return .oneLabel(path: path, label: label)
        }
        return .oneClass(path: path, label: label)
    }

    // MARK: Draws

    /// The groups of rows that draws have in equal shares, and how large they are.
    private func strata(_ rows: [Row], classes: Int) -> (of: [Int], counts: [Int]) {
        let space: TargetSpace =
            switch definition.target {
            case .oneClass: .classes(classes)
            case .labels: .labels(classes)
            case .number: .number(NumberScale())
            }
        let strata = Targets.strata(of: rows.map(\.example.target), in: space)
        return (strata, Stratified.counts(strata, in: space))
    }

    /// Numbers that are all the same leave nothing to learn.
    private func checkNumbers(_ train: SplitContent) throws {
        guard let first = train.rows.first?.example.target,
            train.rows.allSatisfy({ $0.example.target == first }), case .number(let number) = first
        else { return }
        throw TaskError.oneNumber(path: train.path, number: number)
    }

    /// Rows of dev where the share that the task sets aside would be less than four of each class, of few
    /// rows: a fifth, and one of each class at least. Searches hold further parts of train out in turn, and
    /// train on dev meanwhile, so that dev should be a part like the others. `nil` where the share is enough.
    private func fold(
        _ sample: TaskDefinition.Sample, of rows: [Row], whole: Int
    ) -> Int? {
        guard case .fraction(let fraction) = sample.amount else { return nil }
        let isClass = definition.target == .oneClass
        let counts =
            isClass ? Dictionary(rows.map { ($0.example.target, 1) }, uniquingKeysWith: +) : [:]
        // Rows of a kind count: classes; of labels and numbers two are enough.
        let kinds = isClass ? counts.count : 2
        let share = Int((fraction * Double(whole)).rounded())
        let fifth = (rows.count + Self.fold - 1) / Self.fold
        // Every class keeps a row to learn from.
        let wanted =
            isClass
            ? min(
                max(fifth, counts.values.count { $0 > 1 }),
                counts.values.reduce(0) { $0 + $1 - 1 })
            : max(fifth, kinds)
        guard share < Self.fewDevRows * kinds, share < wanted,
            rows.count < FewRows.perClass * kinds, wanted < rows.count
        else { return nil }
        return wanted
    }

    /// Of few rows dev is one of so many parts.
    private static let fold = 5
    /// Rows of each class that dev has where it is of use by itself.
    private static let fewDevRows = 4

    /// Takes a stratified sample out of the training rows; every class keeps a row, and rows that share
    /// a text stay together.
    /// - Parameter whole: rows of train before anything was carved out; a fraction is a fraction of
    ///   these.
    private func carve(
        _ sample: TaskDefinition.Sample, out rows: [Row], whole: Int, split: Split, classes: Int,
        path: String
    ) throws -> (drawn: [Row], rest: [Row], groups: TextGroups) {
        let (strata, counts) = strata(rows, classes: classes)
        // Every class keeps a row to learn from; of labels and numbers, strata are there for balance alone.
        let caps = definition.target == .oneClass ? counts.map { max(0, $0 - 1) } : counts
        let wanted =
            switch sample.amount {
            case .rows(let rows): rows
            case .fraction(let fraction): max(1, Int((fraction * Double(whole)).rounded()))
            }
        let available = min(caps.reduce(0, +), rows.count - 1)
        if available < 1 {
            throw TaskError.oneRowOfEach(path: path, split: split, rows: rows.count)
        }
        guard wanted <= available else {
            throw TaskError.carveOutTooLarge(
                path: path, split: split, wanted: wanted, available: available)
        }
        // Dev has its own key, so it depends only on its seed.
        let root = RandomKey(seed: sample.seed).child("carve-out")
        let quotas = Stratified.quotas(total: wanted, counts: counts, caps: caps)
        let drawable = zip(rows, strata).map { (label: $1, place: $0.record) }
        var groups = TextGroups(rows.map(\.example))
        while true {
            let isDrawn = Stratified.draw(
                drawable, quotas: quotas, caps: caps, groups: groups.of,
                key: split == .dev ? root : root.child(split.rawValue))
            let drawn = zip(rows, isDrawn).filter(\.1).map(\.0)
            var found = quotas.map { _ in 0 }
            for (group, isDrawn) in zip(strata, isDrawn) where isDrawn { found[group] += 1 }
            let missing = zip(quotas, found).reduce(0) { $0 + abs($1.0 - $1.1) }
            let isEnough =
                !drawn.isEmpty && missing <= max(2, wanted / Self.tolerance)
                && groups.tie != .nothing
            if isEnough || !groups.isShared {
                return (drawn, zip(rows, isDrawn).filter { !$0.1 }.map(\.0), groups)
            }
            let weaker = TextGroups.Tie(rawValue: groups.tie.rawValue + 1) ?? .nothing
            groups = TextGroups(rows.map(\.example), from: weaker)
        }
    }

    /// One row of so many may be lacking where groups do not fit the number that is wanted.
    private static let tolerance = 10

    /// What is said of the rows that were kept together.
    private static func notes(_ groups: TextGroups, _ split: Split) -> [String] {
        let name = split.rawValue
        guard groups.isStrict else {
            return [
                "warning: rows that share a text are joined to groups too large to be set aside for "
                    + "\(name): \(groups.tie.explanation) stay together, others have texts in common "
                    + "with train"
            ]
        }
        guard groups.isShared else { return [] }
        let count = groups.sharedCount
        return [
            "\(name): rows that share a text were kept together (\(count) "
                + "\(count == 1 ? "group" : "groups"), the largest of \(groups.largest) rows)"
        ]
    }

    private func limit(_ rows: [Row], classes: Int) throws -> [Row] {
        guard let sample = definition.limit, case .rows(let wanted) = sample.amount,
            wanted < rows.count
        else { return rows }
        guard wanted >= classes else {
            throw TaskError.limitTooSmall(task: definition.name, rows: wanted, classes: classes)
        }
        let (strata, counts) = strata(rows, classes: classes)
        let isDrawn = Stratified.draw(
            zip(rows, strata).map { (label: $1, place: $0.record) }, count: wanted, counts: counts,
            key: RandomKey(seed: sample.seed).child("limit"))
        return zip(rows, isDrawn).filter(\.1).map(\.0)
    }

    // MARK: Digest

    /// - Parameters:
    ///   - keepsTogether: whether rows that share a text were kept together, which they were not always.
    ///   - hasFold: whether dev has more rows than the task says, see ``fold(_:of:whole:)``.
    private func digest(
        _ contents: [SplitContent], keepsTogether: Bool, hasFold: Bool
    ) -> String {
        var digest = DigestBuilder()
        let columns = definition.columns
        let pairing = options.pairing ?? definition.pairing
        let maximumTokens = options.maximumTokens ?? definition.maximumTokens ?? 0
        var keys: [String] = ["version 1", definition.format?.rawValue ?? ""]
        keys.append("\(definition.hasHeader)")
        keys += [columns.text, columns.pair ?? "", columns.label]
        keys.append(text(of: .files(definition.train)))
        keys += [text(of: definition.dev), text(of: definition.test)]
        keys.append(text(of: definition.limit))
        keys.append(columns.pair == nil ? "" : pairing?.rawValue ?? "")
        keys += ["\(maximumTokens)", "\(options.maximumLineBytes)"]
        if let delimiter = definition.delimiter { keys.append("delimiter \(delimiter.byte)") }
        // Labels that are numbers were not always as they are written.
        if definition.files.contains(where: { isJSON($0.file) }) { keys.append("json 2") }
        for lead in [columns.textLead, columns.pairLead] where !lead.isEmpty {
            keys.append("after " + lead.joined(separator: "\t"))
        }
        if keepsTogether { keys.append("rows that share a text together") }
        if hasFold { keys.append("dev is a fold") }
        switch definition.target {
        case .oneClass: break
        case .labels: keys.append("labels \(definition.separator.map(String.init) ?? "")")
        case .number: keys.append("number")
        }
        for key in keys { digest.add(key) }
        let labels = definition.labels ?? []
        digest.add("\(labels.count)")
        for label in labels { digest.add(label.value) }
        for content in contents {
            digest.add(content.split.rawValue)
            digest.add(content.digest)
        }
        return digest.hexadecimal()
    }

    private func isJSON(_ file: String) -> Bool {
        let format = definition.format ?? DataFormat(fileName: file)
        return format == .jsonl || format == .json
    }

    /// File names do not count, only their contents; but an extension may decide the format.
    private func text(of source: TaskDefinition.Source) -> String {
        switch source {
        case .files(let names):
            names.map { "file \(DataFormat(fileName: $0)?.rawValue ?? "")" }
                .joined(separator: " and ")
        case .carvedFromTrain(let sample): "train " + text(of: sample)
        }
    }

    private func text(of sample: TaskDefinition.Sample?) -> String {
        switch sample?.amount {
        case .rows(let rows)?: "rows \(rows) seed \(sample?.seed ?? 0)"
        case .fraction(let fraction)?: "fraction \(fraction) seed \(sample?.seed ?? 0)"
        case nil: ""
        }
    }
}
