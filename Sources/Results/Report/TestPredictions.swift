import Metrics
import Tasks

/// The predictions of the exported model on the test split, with the texts.
package struct TestPredictions: Sendable {
    /// A test example that the model gets wrong.
    package struct Mistake: Sendable, Equatable {
        /// Its place in the split.
        package let row: Int
        package let example: Example
        /// The class that it has.
        package let truth: Int
        /// The class that the model predicts.
        package let predicted: Int
        /// The probability of that class.
        package let confidence: Double
        /// The probability of the true class.
        package let probabilityOfTruth: Double
    }

    package let predictions: Predictions
    /// In the order of the predictions.
    package let examples: [Example]
    /// Names of the classes.
    package let labels: [String]

    /// - Precondition: there is a prediction for each example.
    package init(_ predictions: Predictions, examples: [Example], labels: [String]) {
        precondition(predictions.count == examples.count, "a prediction for each example")
        self.predictions = predictions
        self.examples = examples
        self.labels = labels
    }

    /// What the model gets wrong, the most confident first; ties in the order of the rows.
    package func mistakes(limit: Int) -> [Mistake] {
        let confidences = predictions.confidences
        let wrong = examples.indices.filter {
            predictions.predicted[$0] != predictions.labels[$0]
        }.sorted { a, b in
            confidences[a] != confidences[b] ? confidences[a] > confidences[b] : a < b
        }
        return wrong.prefix(limit).map { row in
            let truth = row * predictions.classes + predictions.labels[row]
            return Mistake(
                row: row,
                example: examples[row], truth: predictions.labels[row],
                predicted: predictions.predicted[row],
                confidence: Double(confidences[row]),
                probabilityOfTruth: Double(predictions.probabilities[truth]))
        }
    }
}
