import Foundation
import KNAS
import Metrics
import Support

/// Arrays of the caller that answers are written into; `nil` where they are not wanted.
struct Arrays {
    var values: UnsafeMutablePointer<Float>?
    var sets: UnsafeMutablePointer<UInt8>?
    var intervals: UnsafeMutablePointer<Double>?
    var familiarities: UnsafeMutablePointer<Double>?
}

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

    /// Writes answers row after row into the arrays that are wanted.
    func write(_ answers: [TextClassifier.Classification], to arrays: Arrays) {
        for (row, answer) in answers.enumerated() {
            for (place, value) in (answer.value.map { [Float($0)] } ?? answer.probabilities)
                .enumerated()
            {
                arrays.values?[row * valueCount + place] = value
            }
            if let sets = arrays.sets, let remain = answer.set.map(Set.init) {
                for (place, label) in classifier.labels.enumerated() {
                    sets[row * valueCount + place] = remain.contains(label) ? 1 : 0
                }
            }
            if let interval = answer.interval {
                arrays.intervals?[2 * row] = interval.lowerBound
                arrays.intervals?[2 * row + 1] = interval.upperBound
            }
            arrays.familiarities?[row] = answer.familiarity ?? .nan
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
