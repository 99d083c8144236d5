import Foundation
import Support

/// The files of a study: every head with every score, the correlations, and a page that shows both.
enum StudyFiles {
    static func write(
        _ result: CorrelationResult, _ records: [HeadRecord], to directory: URL
    ) throws {
        let names = Set(records.flatMap { $0.score.values.keys }).sorted()
        var rows = [
            ["index", "genotype", "parameters", "accuracy", "training_loss"]
                + (0..<result.repeats).map { "accuracy_\($0 + 1)" } + names
        ]
        for record in records {
            var row = ["\(record.index)", record.genotype, "\(record.score.parameters)"]
            row += [record.accuracy, record.loss].map { $0.map { "\($0)" } ?? "" }
            row += record.trainings.indices.map {
                record.accuracy(repetition: $0).map { "\($0)" } ?? ""
            }
            row += names.map { record.score.values[$0].map { "\($0.mean)" } ?? "" }
            rows.append(row)
        }
        try AtomicFile.write(CSV.text(rows), to: directory.appendingPathComponent("heads.csv"))
        try AtomicFile.write(
            try JSONEncoder.readable.encode(result),
            to: directory.appendingPathComponent("correlation.json"))
        try AtomicFile.write(
            StudyPage.html(result, records),
            to: directory.appendingPathComponent("correlation.html"))
    }
}
