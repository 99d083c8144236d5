import Foundation
import Support

/// The files of a study: every head with every score, the correlations, and a page that shows both.
enum StudyFiles {
    static func write(
        _ result: CorrelationResult, _ records: [HeadRecord], _ linear: [LayerHeads.Record],
        to directory: URL
    ) throws {
        try AtomicFile.write(
            CSV.text(heads(records, repeats: result.repeats, epochs: result.epochs)),
            to: directory.appendingPathComponent("heads.csv"))
        try AtomicFile.write(
            CSV.text(layers(linear)), to: directory.appendingPathComponent("linear.csv"))
        try AtomicFile.write(
            try JSONEncoder.readable.encode(result),
            to: directory.appendingPathComponent("correlation.json"))
        try AtomicFile.write(
            StudyPage.html(result, records, LayerHeads.standings(linear)),
            to: directory.appendingPathComponent("correlation.html"))
    }

    private static func heads(
        _ records: [HeadRecord], repeats: Int, epochs: Int
    ) -> [[String]] {
        let names = Set(records.flatMap { $0.score.values.keys }).sorted()
        let header =
            ["index", "genotype", "parameters", "accuracy", "cross_entropy", "training_loss"]
            + (1...repeats).map { "accuracy_\($0)" }
            + (1...epochs).map { "accuracy_epoch_\($0)" }
            + (1...epochs).map { "cross_entropy_epoch_\($0)" }
        let rows = records.map { record in
            let numbers =
                [record.accuracy, record.crossEntropy, record.loss]
                + (0..<repeats).map { record.accuracy(repetition: $0) }
                + (1...epochs).map { record.accuracy(epoch: $0) }
                + (1...epochs).map { record.crossEntropy(epoch: $0) }
                + names.map { record.score.values[$0]?.mean }
            return ["\(record.index)", record.genotype.description, "\(record.score.parameters)"]
                + numbers.map { $0.map { "\($0)" } ?? "" }
        }
        return [header + names] + rows
    }

    private static func layers(_ records: [LayerHeads.Record]) -> [[String]] {
        [["view", "layer", "strength", "accuracy", "cross_entropy"]]
            + records.map {
                [
                    $0.view ?? "", "\($0.layer)", "\($0.strength)", "\($0.accuracy)",
                    "\($0.crossEntropy)",
                ]
            }
    }
}
