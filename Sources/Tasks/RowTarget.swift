import Foundation
import Metrics
import Support

/// What stands in the label column of a row, before anything is known about labels.
enum RowLabel: Hashable {
    /// As it is written, without white space at its ends.
    case text(String)
    /// The texts of a JSON list.
    case list([String])

    /// What counts unknown labels, and messages, show.
    var text: String {
        switch self {
        case .text(let text): text
        case .list(let list): list.joined(separator: ", ")
        }
    }
}

/// Makes targets of what label columns hold; one for all files of a task.
struct TargetReader {
    /// What separates labels where a task does not say, in the order of preference.
    static let separators: [Character] = ["|", ";", ","]
    /// Numbers beyond this are mistakes, and would not survive as floats.
    private static let largestNumber = 1e30

    private let kind: TargetKind
    /// Between the labels of a row; `nil` where no row shows one.
    private(set) var separator: Character?
    private let isGiven: Bool
    private let listed: [String]
    /// Rows that name a label twice.
    private(set) var repetitions = 0

    init(_ definition: TaskDefinition) {
        kind = definition.target
        separator = definition.separator
        isGiven = definition.separator != nil
        listed = definition.labels?.map(\.value) ?? []
    }

    /// Whether the separator is to be guessed from rows.
    var guesses: Bool { kind == .labels && !isGiven && separator == nil }

    /// Takes the separator that most rows have; of equals the first of ``separators``. One that a listed
    /// label holds is none.
    mutating func guess(from labels: some Sequence<RowLabel>) {
        var rows: [Character: Int] = [:]
        for case .text(let text) in labels where !Self.isList(text) {
            for separator in Self.separators where text.contains(separator) {
                rows[separator, default: 0] += 1
            }
        }
        let possible = Self.separators.filter { separator in
            rows[separator] != nil && !listed.contains { $0.contains(separator) }
        }
        separator = possible.max { (rows[$0] ?? 0) < (rows[$1] ?? 0) }
    }

    /// The target of a row, or what is wrong with it.
    mutating func target(
        of label: RowLabel, _ labels: inout LabelTable
    ) -> Result<Target, Fault> {
        switch kind {
        case .oneClass:
            guard let index = labels.index(of: label.text) else {
                return .failure(.unknown(label.text))
            }
            return .success(.oneClass(index))
        case .labels:
            return parts(of: label).flatMap { indices(of: $0, &labels) }
        case .number:
            return Self.number(label.text).map { .success(.number($0)) }
                ?? .failure(.reason(.notANumber(found: label.text.excerpt)))
        }
    }

    /// Why a row has no target.
    enum Fault: Error {
        /// It has a label that is none of the task's.
        case unknown(String)
        case reason(BadRow.Reason)
    }

    private mutating func indices(
        of parts: [String], _ labels: inout LabelTable
    ) -> Result<Target, Fault> {
        // Nothing enters the table before the whole row is known to be sound.
        if let bad = parts.lazy.compactMap({ RowRules.fault(ofLabel: $0) }).first {
            return .failure(.reason(bad))
        }
        var indices: Set<Int> = []
        for part in parts {
            guard let index = labels.index(of: part) else { return .failure(.unknown(part)) }
            indices.insert(index)
        }
        if indices.count < parts.count { repetitions += 1 }
        return .success(.labels(indices.sorted()))
    }

    private func parts(of label: RowLabel) -> Result<[String], Fault> {
        switch label {
        case .list(let list): return .success(list.map(RowRules.trimmed))
        case .text(""): return .success([])
        case .text(let text):
            if Self.isList(text) {
                guard let list = try? JSONDecoder().decode([String].self, from: Data(text.utf8))
                else { return .failure(.reason(.badLabelList(found: text.excerpt))) }
                return .success(list.map(RowRules.trimmed))
            }
            guard let separator else { return .success([text]) }
            return .success(
                text.split(separator: separator, omittingEmptySubsequences: false).map {
                    RowRules.trimmed(String($0))
                })
        }
    }

    private static func isList(_ text: String) -> Bool {
        text.hasPrefix("[") && text.hasSuffix("]")
    }

    /// A decimal number: no hexadecimal, no `nan`, no `inf`, none that overflows.
    private static func number(_ text: String) -> Double? {
        guard !text.isEmpty, text.utf8.allSatisfy({ "+-.0123456789eE".utf8.contains($0) }),
            let number = Double(text), abs(number) <= largestNumber
        else { return nil }
        return number
    }
}
