import Features
import Foundation
import Metrics
import Selection
import Support
import Tasks
import Tensors

/// Finds what is wrong with a task's rows: labels that are likely wrong, duplicates, rows that leak between
/// splits, classes that are taken for each other.
///
///     let result = try Audit(AuditConfiguration(task: url)).run()
///     for row in result.worst(20) { print(row.place, row.label, row.finding?.likely ?? "") }
///
/// Unlike a search it reads all splits alike: it is about rows, and judges no model.
public struct Audit: Sendable {
    private let configuration: AuditConfiguration
    private let progress: ProgressHandler?
    private let note: @Sendable (String) -> Void

    /// - Parameters:
    ///   - progress: called as the work proceeds; may ask for a stop.
    ///   - note: called with one line about what was found.
    public init(
        _ configuration: AuditConfiguration, progress: ProgressHandler? = nil,
        note: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.progress = progress
        self.note = note
    }

    /// Looks at all rows.
    /// - Throws: `TaskError`, `EncoderError`, `BadOption`, `Interrupted` and the like.
    public func run() throws -> AuditResult {
        try configuration.check()
        try BLAS.reserveMemory(threads: configuration.threads)
        guard configuration.judgesLabels else {
            let dataset = try Preparation.load(configuration.input, note)
            try dataset.requireClasses(for: "knas audit")
            return try result(dataset, [], encoders: []) { _, _ in nil }
        }
        let prepared = try Preparation(
            configuration.input, SpaceConfiguration(), threads: configuration.threads,
            progress: progress, note: note)
        try prepared.requireClasses(for: "knas audit")
        let rows = AuditRow.all(prepared.dataset)
        var pooled = prepared.dataset
        pooled.train = rows.map(\.example)
        let whole = Preparation(pooled, views: prepared.views.map { $0.reading(pooled) })
        return try result(prepared.dataset, rows, encoders: prepared.encoderNames) {
            groups, names in
            LabelJudgement(
                try Hearing(
                    prepared: whole, groups: groups, threads: configuration.threads,
                    progress: progress,
                    key: RandomKey(seed: configuration.seed).child("audit")
                ).judges(), names: names)
        }
    }

    /// - Parameters:
    ///   - rows: all of the data set, or none where they are not yet listed.
    ///   - judge: judges the labels; gets the groups of rows that say the same.
    private func result(
        _ dataset: Dataset, _ rows: [AuditRow], encoders: [String],
        judge: ([Int], [String]) throws -> LabelJudgement?
    ) throws -> AuditResult {
        let rows = rows.isEmpty ? AuditRow.all(dataset) : rows
        let names = dataset.labels.map(\.name)
        let duplicates = try DuplicateFindings(
            rows, similarity: configuration.similarity, threads: configuration.threads,
            progress: progress)
        let isOne = Set(duplicates.groups).count < 2
        if isOne { note("warning: all rows say the same: labels cannot be judged") }
        let judgement = isOne ? nil : try judge(duplicates.groups, names)
        let findings = judgement?.findings()
        return AuditResult(
            task: dataset.name, classes: names, encoders: judgement == nil ? [] : encoders,
            splits: Dictionary(
                uniqueKeysWithValues: Split.allCases.map { ($0.rawValue, dataset[$0].count) }),
            seed: configuration.seed, labels: findings.flatMap { judgement?.summary($0) },
            duplicates: duplicates.duplicates, nearDuplicates: duplicates.nearDuplicates,
            leakage: duplicates.leakage,
            rows: rows.enumerated().map { index, row in
                AuditResult.Row(
                    split: row.split, file: row.example.place?.file ?? "",
                    line: row.example.place?.line ?? index + 1, text: row.example.text,
                    pair: row.example.pair, label: names[row.example.label],
                    finding: findings?[index])
            })
    }
}

extension AuditResult {
    /// The rows whose labels are least likely right, the worst first.
    public func worst(_ count: Int) -> [Row] {
        labels?.order.prefix(count).map { rows[$0] } ?? []
    }
}
