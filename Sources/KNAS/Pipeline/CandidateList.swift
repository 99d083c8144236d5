import Foundation
import Heads
import Selection
import Support

/// `candidates.tsv`: the heads that a search will score, each with its number.
public enum CandidateList {
    static let header = "id\tgenotype"

    static func write(_ genotypes: [Genotype], to url: URL) throws {
        var text = header + "\n"
        for (place, genotype) in genotypes.enumerated() { text += "\(place + 1)\t\(genotype)\n" }
        try AtomicFile.write(text, to: url)
    }

    /// Reads a list, whose numbers start at 1 and appear once each, in any order.
    /// - Throws: `RunError.badCandidates`, `FileError`.
    public static func read(
        _ url: URL, in spaces: SearchSpaces
    ) throws -> [(id: Int, genotype: Genotype)] {
        let file = try MappedFile(url)
        func bad(_ line: Int, _ reason: String) -> RunError {
            .badCandidates(path: url.path, line: line, reason: reason)
        }
        guard let text = String(validating: file.bytes, as: UTF8.self)
        else { throw bad(1, "it is not UTF-8") }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines[0] == header else { throw bad(1, "expected the header \"id<tab>genotype\"") }
        var result: [(id: Int, genotype: Genotype)] = []
        var seen: Set<Int> = []
        for (place, line) in lines.enumerated().dropFirst() where !line.isEmpty {
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
            guard fields.count == 2, let id = Int(fields[0]), id > 0 else {
                throw bad(place + 1, "expected a number of 1 or more, a tab and a genotype")
            }
            guard seen.insert(id).inserted else { throw bad(place + 1, "\(id) appears twice") }
            do {
                result.append((id, try spaces.genotype(String(fields[1]))))
            } catch let error as any DiagnosedError {
                throw bad(place + 1, error.description)
            }
        }
        return result
    }
}
