import Foundation

/// The replacements of a SentencePiece model's table of characters, one by one.
struct CharacterRules {
    /// Single characters and what becomes of them.
    private(set) var single: [Unicode.Scalar: String] = [:]
    /// Sequences of characters that are replaced as a whole, as a tree.
    private(set) var sequences = Node()

    /// Sequences with the same beginning.
    final class Node {
        fileprivate(set) var children: [Unicode.Scalar: Node] = [:]
        fileprivate(set) var isEnd = false
    }

    /// More than compiled Unicode rules have, by far.
    private static let maximumCount = 1_000_000
    private static let maximumBytes = 64

    /// Reads a table.
    ///
    /// Every sequence must become what its characters become one by one, composed (NFC): then a
    /// tokenizer that replaces characters and composes does the same.
    /// - Returns: `nil` for a table of other rules, and for one that is damaged.
    init?(_ table: Data) {
        guard table.withUnsafeBytes({ CharacterMap.fault($0) }) == nil else { return nil }
        let bytes = Array(table)
        func integer(_ index: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 | UInt32(bytes[index + $1]) << (8 * UInt32($1)) }
        }
        let size = Int(integer(0))
        let units = stride(from: 4, to: 4 + size, by: 4).map(integer)
        let texts = bytes[(4 + size)...]
        func offset(_ unit: UInt32) -> UInt32 { (unit >> 10) << ((unit & 0x200) >> 6) }

        var found: [(key: [UInt8], value: String)] = []
        var key: [UInt8] = []
        func visit(_ state: UInt32) -> Bool {
            guard key.count < Self.maximumBytes else { return false }
            for byte in UInt8(1)...255 {
                let index = state ^ UInt32(byte)
                guard Int(index) < units.count, units[Int(index)] & 0x8000_00FF == UInt32(byte)
                else { continue }
                let next = index ^ offset(units[Int(index)])
                guard Int(next) < units.count else { return false }
                key.append(byte)
                if units[Int(index)] & 0x100 != 0 {
                    let start = texts.startIndex + Int(units[Int(next)] & 0x7FFF_FFFF)
                    guard found.count < Self.maximumCount, start < texts.endIndex else {
                        return false
                    }
                    let value = texts[start...].prefix { $0 != 0 }
                    found.append((key, String(decoding: value, as: UTF8.self)))
                }
                guard visit(next) else { return false }
                key.removeLast()
            }
            return true
        }
        guard !units.isEmpty, visit(offset(units[0])) else { return nil }

        var several: [(key: [Unicode.Scalar], value: String)] = []
        for (key, value) in found {
            guard let text = String(validating: key, as: UTF8.self) else { return nil }
            let scalars = Array(text.unicodeScalars)
            if scalars.count == 1 {
                single[scalars[0]] = value
            } else {
                several.append((scalars, value))
            }
        }
        for (key, value) in several {
            var replaced = ""
            for scalar in key { replaced += single[scalar] ?? String(scalar) }
            guard replaced.precomposedStringWithCanonicalMapping.utf8.elementsEqual(value.utf8)
            else { return nil }
            insert(key)
        }
    }

    private func insert(_ key: [Unicode.Scalar]) {
        var node = sequences
        for scalar in key {
            if node.children[scalar] == nil { node.children[scalar] = Node() }
            node = node.children[scalar]!
        }
        node.isEnd = true
    }

    /// A regular expression for the longest sequence at a place; `nil` where there are none.
    var pattern: String? { sequences.children.isEmpty ? nil : sequences.pattern(isTop: true) }
}

extension CharacterRules.Node {
    /// What may follow. Characters with the same continuations share a class, so that two hundred
    /// thousand sequences take fifteen thousand characters.
    fileprivate func pattern(isTop: Bool = false) -> String {
        var groups: [String: [UInt32]] = [:]
        for (scalar, child) in children {
            groups[child.pattern(), default: []].append(scalar.value)
        }
        let choices = groups.map { ($0.value.sorted(), $0.key) }
            .sorted { $0.0[0] < $1.0[0] }
            .map { Self.characterClass($0.0) + $0.1 }
        let all = choices.joined(separator: "|")
        if isTop || choices.isEmpty { return all }
        return isEnd ? "(?:\(all))?" : choices.count > 1 ? "(?:\(all))" : all
    }

    /// - Parameter values: sorted.
    private static func characterClass(_ values: [UInt32]) -> String {
        func escape(_ value: UInt32) -> String {
            "\\x{" + String(value, radix: 16, uppercase: true) + "}"
        }
        if values.count == 1 { return escape(values[0]) }
        var ranges: [ClosedRange<UInt32>] = []
        for value in values {
            if let last = ranges.last, last.upperBound + 1 == value {
                ranges[ranges.count - 1] = last.lowerBound...value
            } else {
                ranges.append(value...value)
            }
        }
        let parts = ranges.map {
            $0.count == 1
                ? escape($0.lowerBound) : escape($0.lowerBound) + "-" + escape($0.upperBound)
        }
        return "[" + parts.joined() + "]"
    }
}
