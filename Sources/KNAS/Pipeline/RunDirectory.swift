import Encoders
import Export
import Foundation
import Heads
import Search
import Support
import Tasks

/// The files of a run: `leaderboard.csv`, `result.json`, `report.html`, `model/`.
struct RunDirectory {
    let url: URL

    /// Creates the directory where it is missing.
    /// - Throws: ``FileError/notWritable(path:reason:)``.
    init(_ url: URL) throws {
        self.url = url
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        } catch {
            throw FileError.notWritable(path: url.path, reason: error.localizedDescription)
        }
        guard FileManager.default.isWritableFile(atPath: url.path) else {
            throw FileError.notWritable(path: url.path, reason: "permission denied")
        }
    }

    var modelURL: URL { url.appendingPathComponent("model") }

    /// A row a candidate, in the order of proposals; the same search gives the same bytes.
    func writeLeaderboard(
        _ candidates: [Candidate], ranking: [Candidate], dev: [Genotype: Double]
    ) throws {
        let names = Set(candidates.flatMap { $0.score.map { Array($0.values.keys) } ?? [] })
            .sorted()
        var places: [Int: Int] = [:]
        for (place, candidate) in ranking.enumerated() { places[candidate.id] = place + 1 }
        var rows = [
            ["id", "genotype", "parameters"] + names.flatMap { [$0, "\($0)_spread"] }
                + ["rank", "status", "dev_accuracy"]
        ]
        for candidate in candidates {
            var row = ["\(candidate.id)", candidate.genotype.description]
            switch candidate.outcome {
            case .scored(let score):
                row.append("\(score.parameters)")
                for name in names {
                    row.append(score.values[name].map { "\($0.mean)" } ?? "")
                    row.append(score.values[name].map { "\($0.spread)" } ?? "")
                }
                row.append(places[candidate.id].map(String.init) ?? "")
                row.append(dev[candidate.genotype] == nil ? "scored" : "trained")
            case .failed(let reason):
                row += Array(repeating: "", count: 1 + 2 * names.count + 1)
                row.append("failed: \(reason)")
            }
            row.append(dev[candidate.genotype].map { "\($0)" } ?? "")
            rows.append(row)
        }
        let text = rows.map { $0.map(quote).joined(separator: ",") + "\n" }.joined()
        try AtomicFile.write(text, to: url.appendingPathComponent("leaderboard.csv"))
    }

    /// A CSV field (RFC 4180).
    private func quote(_ field: String) -> String {
        guard field.contains(where: { ",\"\n\r".contains($0) }) else { return field }
        return "\"" + field.replacingOccurrences(of: "\"", with: "\"\"") + "\""
    }

    /// Writes `result.json` and `report.html`.
    func write(_ result: RunResult, _ page: ReportContent) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try AtomicFile.write(
            try encoder.encode(result), to: url.appendingPathComponent("result.json"))
        try AtomicFile.write(Report.html(page), to: url.appendingPathComponent("report.html"))
    }

    func writeModel(
        _ model: Model, encoder: Encoder, result: RunResult, task: TaskDefinition,
        includesEncoder: Bool
    ) throws {
        try ModelDirectory.save(
            model, encoder: encoder,
            card: ModelCard.text(ModelCardContent(result, model: model, task: task)),
            includesEncoder: includesEncoder, to: modelURL)
    }
}
