import Foundation
import KNAS

/// Classifies each line of standard input with the model in this program's resources.
@main
struct Triage {
    static func main() throws {
        guard let model = Bundle.module.url(forResource: "Model", withExtension: nil) else {
            fatalError("the model is missing: run the search-heads plugin, then build again")
        }
        let classifier = try TextClassifier(contentsOf: model)
        while let line = readLine(), !line.isEmpty {
            let answer = try classifier.classify(line)
            print("\(answer.label)\t\(answer.probability)\t\(line)")
        }
    }
}
