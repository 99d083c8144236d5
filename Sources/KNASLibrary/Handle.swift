import Foundation
import KNAS
import Metrics
import Support

/// What a `knas_classifier *` points to.
final class Handle: Sendable {
    let classifier: TextClassifier
    /// Names of classes or labels as C has them; valid as long as this lives.
    private let labels: Names

    private struct Names: @unchecked Sendable {
        let all: [UnsafeMutablePointer<CChar>]
    }

    init(_ classifier: TextClassifier) {
        self.classifier = classifier
        labels = Names(all: classifier.labels.map { strdup($0) })
    }

    deinit { for name in labels.all { free(name) } }

    /// Floats of an answer.
    var valueCount: Int { classifier.target == .number ? 1 : classifier.labels.count }

    func label(_ place: Int) -> UnsafePointer<CChar>? {
        labels.all.indices.contains(place) ? UnsafePointer(labels.all[place]) : nil
    }

    /// The answers, row after row.
    /// - Throws: as `TextClassifier.classify`.
    func values(_ inputs: [TextClassifier.Input]) throws -> [Float] {
        try classifier.classify(inputs).flatMap { answer in
            answer.value.map { [Float($0)] } ?? answer.probabilities
        }
    }

    // MARK: As pointers

    static func retained(_ handle: Handle) -> UnsafeMutableRawPointer {
        Unmanaged.passRetained(handle).toOpaque()
    }

    static func borrowed(_ pointer: UnsafeRawPointer?) -> Handle? {
        pointer.map { Unmanaged<Handle>.fromOpaque($0).takeUnretainedValue() }
    }

    static func release(_ pointer: UnsafeMutableRawPointer) {
        Unmanaged<Handle>.fromOpaque(pointer).release()
    }
}
