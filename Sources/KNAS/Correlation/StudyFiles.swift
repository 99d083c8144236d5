import Foundation
import Support

/// The files of a study: every head with every score, the correlations, and a page that shows both.
enum StudyFiles {
    static func write(
        _ result: CorrelationResult, _ records: [HeadRecord], to directory: URL
    ) throws {
        let names = Set(records.flatMap { $0.scores.keys }).sorted()
        var rows = [
            ["index", "genotype", "parameters", "accuracy", "training_loss"]
                + (0..<result.repeats).map { "accuracy_\($0 + 1)" } + names
        ]
        for record in records {
            var row = ["\(record.index)", "\"\(record.genotype)\"", "\(record.parameters)"]
            row += [record.accuracy, record.loss].map { $0.map { "\($0)" } ?? "" }
            row += record.trainings.map { $0.accuracy.map { "\($0)" } ?? "" }
            row += names.map { record.scores[$0].map { "\($0.mean)" } ?? "" }
            rows.append(row)
        }
        let csv = rows.map { $0.joined(separator: ",") + "\n" }.joined()
        try AtomicFile.write(csv, to: directory.appendingPathComponent("heads.csv"))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try AtomicFile.write(
            try encoder.encode(result), to: directory.appendingPathComponent("correlation.json"))
        try AtomicFile.write(
            StudyPage.html(result, records),
            to: directory.appendingPathComponent("correlation.html"))
    }
}
