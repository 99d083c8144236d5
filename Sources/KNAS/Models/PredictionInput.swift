import Export
import Foundation

/// Texts to classify, one per line.
public enum PredictionInput {
    /// - Throws: `ModelError.wrongInput` with line and column.
    public static func parse(
        _ data: Data, name: String, pairs: Bool
    ) throws -> [TextClassifier.Input] {
        var bytes = data[...]
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
        var inputs: [TextClassifier.Input] = []
        var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        for (index, line) in lines.enumerated() {
            func wrong(_ reason: String) -> ModelError {
                .wrongInput(reason: "\(name), line \(index + 1): \(reason)")
            }
            let line = line.last == 0x0D ? line.dropLast() : line
            guard line.count <= 1 << 20 else { throw wrong("longer than 1 MiB") }
            guard let text = String(validating: line, as: UTF8.self) else {
                throw wrong("not valid UTF-8")
            }
            let fields = text.split(separator: "\t", omittingEmptySubsequences: false)
            if pairs {
                guard fields.count == 2 else {
                    throw wrong(
                        "expected two texts with a tab between them, found \(fields.count) columns")
                }
                inputs.append(TextClassifier.Input(String(fields[0]), pair: String(fields[1])))
            } else {
                inputs.append(TextClassifier.Input(text))
            }
        }
        return inputs
    }
}
