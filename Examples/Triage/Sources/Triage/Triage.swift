import Foundation
import KNAS

/// Classifies each line of standard input with the model in this program's resources; says on standard error how long it
/// took to the first answer, from when the model was asked for.
@main
struct Triage {
    static func main() throws {
        let start = ContinuousClock.now
        guard let model = Bundle.module.url(forResource: "Model", withExtension: nil) else {
            fatalError("the model is missing: run the search-heads plugin, then build again")
        }
        var isFirst = true
        let classifier = try TextClassifier(contentsOf: model)
        while let line = readLine(), !line.isEmpty {
            let answer = try classifier.classify(line)
            if isFirst {
                let milliseconds = Int((ContinuousClock.now - start) / .milliseconds(1))
                FileHandle.standardError.write(
                    Data("the first answer took \(milliseconds) ms\n".utf8))
                isFirst = false
            }
            print("\(answer.label)\t\(answer.probability)\t\(line)")
        }
    }
}
