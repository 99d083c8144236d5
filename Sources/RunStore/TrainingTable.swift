import Foundation
import GRDB
import Metrics
import Support
import Training

/// The tables `trainings` and `epochs`.
enum TrainingTable {
    static func insert(_ key: TrainingKey, _ epoch: EpochRecord, _ database: Database) throws {
        try database.execute(
            sql: "INSERT OR REPLACE INTO epochs VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            arguments: [
                key.stage, key.index, key.genotype, epoch.epoch, epoch.trainingLoss.bits,
                epoch.devAccuracy.bits, epoch.devScore.bits, epoch.devCrossEntropy.bits,
            ])
    }

    static func insert(
        _ key: TrainingKey, _ training: TrainingRecord, _ database: Database
    ) throws {
        try database.execute(
            sql: "DELETE FROM epochs WHERE stage = ? AND place = ? AND genotype = ?",
            arguments: [key.stage, key.index, key.genotype])
        for epoch in training.history { try insert(key, epoch, database) }
        let digest = digest(key, training)
        let arguments: StatementArguments =
            switch training.ending {
            case .trained(let bestEpoch, let weights, let dev):
                [
                    key.stage, key.index, key.genotype, nil, bestEpoch, dev.classes,
                    Blob.data(weights), Blob.data(dev.targets.words), Blob.data(dev.probabilities),
                    digest,
                ]
            case .diverged(let epoch):
                [key.stage, key.index, key.genotype, epoch, nil, nil, nil, nil, nil, digest]
            }
        try database.execute(
            sql: "INSERT OR REPLACE INTO trainings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            arguments: arguments)
    }

    static func find(
        _ key: TrainingKey, _ database: Database, path: String
    ) throws -> TrainingRecord? {
        let sql = """
            SELECT diverged, best_epoch, classes, weights, labels, probabilities, digest FROM trainings
            WHERE stage = ? AND place = ? AND genotype = ?
            """
        let place: StatementArguments = [key.stage, key.index, key.genotype]
        guard let row = try Row.fetchOne(database, sql: sql, arguments: place) else { return nil }
        guard let training = try decode(row, epochs(key, database)),
            String.fromDatabaseValue(row[6]) == digest(key, training)
        else {
            throw RunStoreError.damaged(
                path: path,
                reason: "training \(key.index) of stage \(key.stage) is not what was stored")
        }
        return training
    }

    /// Checks that every training is what was stored; returns their number.
    /// - Throws: ``RunStoreError/damaged(path:reason:)``.
    static func check(_ database: Database, path: String) throws -> Int {
        let rows = try Row.fetchAll(database, sql: "SELECT stage, place, genotype FROM trainings")
        for row in rows {
            guard let stage = String.fromDatabaseValue(row[0]),
                let index = Int.fromDatabaseValue(row[1]),
                let genotype = String.fromDatabaseValue(row[2])
            else { throw RunStoreError.damaged(path: path, reason: "a training has no name") }
            _ = try find(
                TrainingKey(stage: stage, index: index, genotype: genotype), database, path: path)
        }
        return rows.count
    }

    private static func decode(_ row: Row, _ history: [EpochRecord]) -> TrainingRecord? {
        if let epoch = Int.fromDatabaseValue(row[0]) {
            return TrainingRecord(history: history, ending: .diverged(epoch: epoch))
        }
        guard let best = Int.fromDatabaseValue(row[1]), best >= 1, best <= history.count,
            history.enumerated().allSatisfy({ $0.element.epoch == $0.offset + 1 }),
            let classes = Int.fromDatabaseValue(row[2]),
            let weights = Data.fromDatabaseValue(row[3]).flatMap(Blob.floats),
            let words = Data.fromDatabaseValue(row[4]).flatMap(Blob.words),
            let probabilities = Data.fromDatabaseValue(row[5]).flatMap(Blob.floats), classes > 0,
            let targets = Targets(
                words: words, rows: probabilities.count / classes, outputs: classes),
            let dev = try? Predictions(targets: targets, values: probabilities, outputs: classes)
        else { return nil }
        return TrainingRecord(
            history: history, ending: .trained(bestEpoch: best, weights: weights, dev: dev))
    }

    private static func epochs(_ key: TrainingKey, _ database: Database) throws -> [EpochRecord] {
        try Row.fetchAll(
            database,
            sql: """
                SELECT epoch, training_loss, dev_accuracy, dev_score, dev_cross_entropy FROM epochs
                WHERE stage = ? AND place = ? AND genotype = ? ORDER BY epoch
                """,
            arguments: [key.stage, key.index, key.genotype]
        ).compactMap { row in
            guard let epoch = Int.fromDatabaseValue(row[0]) else { return nil }
            let numbers = (1...4).compactMap { Int64.fromDatabaseValue(row[$0]) }
            guard numbers.count == 4 else { return nil }
            return EpochRecord(
                epoch: epoch, trainingLoss: Double(bits: numbers[0]),
                devAccuracy: Double(bits: numbers[1]), devScore: Double(bits: numbers[2]),
                devCrossEntropy: Double(bits: numbers[3]))
        }
    }

    private static func digest(_ key: TrainingKey, _ training: TrainingRecord) -> String {
        var digest = DigestBuilder()
        digest.add(key.stage)
        digest.add("\(key.index) \(key.genotype)")
        for epoch in training.history {
            digest.add(
                "\(epoch.epoch) \(epoch.trainingLoss.bits) \(epoch.devAccuracy.bits) "
                    + "\(epoch.devScore.bits) \(epoch.devCrossEntropy.bits)")
        }
        switch training.ending {
        case .diverged(let epoch): digest.add("diverged \(epoch)")
        case .trained(let bestEpoch, let weights, let dev):
            digest.add("\(bestEpoch) \(dev.classes)")
            digest.add(Blob.data(weights))
            digest.add(Blob.data(dev.targets.words))
            digest.add(Blob.data(dev.probabilities))
        }
        return digest.hexadecimal()
    }
}
