import Export
import Foundation
import Support
import Tasks

/// The files of a run: `leaderboard.csv`, `result.json`, `report.html`, `model/`.
public struct RunDirectory {
    let url: URL

    /// Creates the directory where it is missing.
    /// - Throws: ``FileError/notWritable(path:reason:)``.
    public init(_ url: URL) throws {
        self.url = url
        try FileError.createDirectory(url)
        guard FileManager.default.isWritableFile(atPath: url.path) else {
            throw FileError.notWritable(path: url.path, reason: "permission denied")
        }
    }

    /// The result that is there; `nil` where there is none that this version can read.
    public func result() -> RunResult? {
        try? RunResult.load(url.appendingPathComponent("result.json"))
    }

    /// Writes everything: the model before the result, so a run with a result has a model.
    ///
    /// - Parameters:
    ///   - model: the exported one; making it reads the features of train and dev.
    ///   - includesEncoder: whether the model's directory gets the whole encoder.
    ///   - shaded: the words of mistakes for the report, by the row's place in test.
    ///   - origin: how the run was started, for the report.
    /// - Throws: ``FileError``, `EncoderError`.
    public func write(
        _ result: RunResult, _ findings: RunFindings, model: Model, includesEncoder: Bool,
        shaded: [Int: [ReportContent.ShadedWord]] = [:], origin: ReportContent.Origin
    ) throws {
        try write(model, of: result, findings, includesEncoder: includesEncoder)
        try AtomicFile.write(
            Leaderboard.text(
                findings.ranking, trained: findings.selected.searched,
                criterion: findings.prepared.dataset.criterion),
            to: url.appendingPathComponent("leaderboard.csv"))
        try AtomicFile.write(
            Report.html(ReportContent(findings, result, shaded: shaded, origin: origin)),
            to: url.appendingPathComponent("report.html"))
        try AtomicFile.write(
            try JSONEncoder.readable.encode(result), to: url.appendingPathComponent("result.json"))
    }

    /// Writes the model alone.
    /// - Throws: as ``write(_:_:model:includesEncoder:shaded:origin:)``.
    public func write(
        _ model: Model, of result: RunResult, _ findings: RunFindings, includesEncoder: Bool = false
    ) throws {
        let card = ModelCardContent(result, model: model, task: findings.prepared.dataset)
        try ModelDirectory.save(
            model, encoders: findings.encoders, card: ModelCard.text(card),
            includesEncoder: includesEncoder, to: url.appendingPathComponent("model"))
    }
}
