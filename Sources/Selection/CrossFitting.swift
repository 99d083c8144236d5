import Metrics

extension Predictions {
    /// Answers for all rows, each fold's by what was found without it.
    ///
    /// - Parameters:
    ///   - folds: the fold of every row.
    ///   - answer: the answers for the rows inside, in their order, from the rows outside.
    /// - Throws: what `answer` throws; `MetricsError` where its answers differ in kind.
    /// - Precondition: there is a row.
    static func crossFitted(
        folds: [Int], _ answer: (_ inside: [Int], _ outside: [Int]) throws -> Predictions
    ) throws -> Predictions {
        var parts: [Predictions] = []
        var places = [Int](repeating: 0, count: folds.count)
        var next = 0
        for fold in Set(folds).sorted() {
            let inside = folds.indices.filter { folds[$0] == fold }
            parts.append(try answer(inside, folds.indices.filter { folds[$0] != fold }))
            for row in inside {
                places[row] = next
                next += 1
            }
        }
        // Back in the order of the rows.
        return try Predictions(pooling: parts).rows(places)
    }
}
