import Foundation
import KNAS
import Metrics
import Support
import Tasks
import Tensors

// The functions of knas.h, which says what they do.

public typealias CMessage = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

/// Never freed, and never changed.
private nonisolated(unsafe) let version = strdup(Version.current)

@_cdecl("knas_version")
public func knasVersion() -> UnsafePointer<CChar>? { version.map { UnsafePointer($0) } }

@_cdecl("knas_open")
public func knasOpen(
    _ model: UnsafePointer<CChar>?, _ encoder: UnsafePointer<CChar>?, _ threads: Int32,
    _ error: CMessage?
) -> UnsafeMutableRawPointer? {
    var result: UnsafeMutableRawPointer?
    // The process may multiply with OpenBLAS, too.
    BLAS.choosesKernels = false
    _ = reporting(to: error) {
        try require((0...1024).contains(threads), "threads", threads, "0 to 1024")
        let directory = URL(fileURLWithPath: try text(model, "model"), isDirectory: true)
        let classifier = try TextClassifier(
            contentsOf: directory,
            encoder: encoder == nil
                ? nil : URL(fileURLWithPath: try text(encoder, "encoder"), isDirectory: true),
            threads: threads == 0 ? Parallel.availableThreads : Int(threads))
        result = Handle.retained(Handle(classifier))
    }
    return result
}

@_cdecl("knas_close")
public func knasClose(_ classifier: UnsafeMutableRawPointer?) {
    if let classifier { Handle.release(classifier) }
}

@_cdecl("knas_target")
public func knasTarget(_ classifier: UnsafeRawPointer?) -> Int32 {
    switch Handle.borrowed(classifier)?.classifier.target {
    case .labels: 1
    case .number: 2
    case .oneClass, nil: 0
    }
}

@_cdecl("knas_takes_pairs")
public func knasTakesPairs(_ classifier: UnsafeRawPointer?) -> Int32 {
    Handle.borrowed(classifier)?.classifier.takesPairs == true ? 1 : 0
}

@_cdecl("knas_value_count")
public func knasValueCount(_ classifier: UnsafeRawPointer?) -> Int32 {
    Int32(Handle.borrowed(classifier)?.valueCount ?? 0)
}

@_cdecl("knas_label")
public func knasLabel(_ classifier: UnsafeRawPointer?, _ place: Int32) -> UnsafePointer<CChar>? {
    Handle.borrowed(classifier)?.label(Int(place))
}

@_cdecl("knas_threshold")
public func knasThreshold(_ classifier: UnsafeRawPointer?, _ place: Int32) -> Float {
    let thresholds = Handle.borrowed(classifier)?.classifier.thresholds ?? []
    return thresholds.indices.contains(Int(place)) ? thresholds[Int(place)] : 0
}

@_cdecl("knas_classify")
public func knasClassify(
    _ classifier: UnsafeRawPointer?, _ texts: UnsafePointer<UnsafePointer<CChar>?>?,
    _ pairs: UnsafePointer<UnsafePointer<CChar>?>?, _ count: Int64,
    _ values: UnsafeMutablePointer<Float>?, _ error: CMessage?
) -> Int32 {
    reporting(to: error) {
        let (handle, inputs) = try question(classifier, texts, pairs, count)
        guard !inputs.isEmpty else { return }
        guard let values else { throw BadOption(null: "values", expected: "an array") }
        handle.write(try handle.classifier.classify(inputs), to: Arrays(values: values))
    }
}

@_cdecl("knas_least_abstain")
public func knasLeastAbstain(_ classifier: UnsafeRawPointer?) -> Double {
    Handle.borrowed(classifier)?.classifier.leastMiscoverage ?? 0
}

@_cdecl("knas_assess")
public func knasAssess(
    _ classifier: UnsafeRawPointer?, _ texts: UnsafePointer<UnsafePointer<CChar>?>?,
    _ pairs: UnsafePointer<UnsafePointer<CChar>?>?, _ count: Int64, _ abstain: Double,
    _ values: UnsafeMutablePointer<Float>?, _ sets: UnsafeMutablePointer<UInt8>?,
    _ intervals: UnsafeMutablePointer<Double>?, _ familiarities: UnsafeMutablePointer<Double>?,
    _ error: CMessage?
) -> Int32 {
    reporting(to: error) {
        let (handle, inputs) = try question(classifier, texts, pairs, count)
        let isWanted = sets != nil || intervals != nil
        if abstain != 0 || isWanted {
            try handle.classifier.checkAbstaining(abstain, option: "abstain")
        }
        let isNumber = handle.classifier.target == .number
        try require(!isNumber || sets == nil, "sets", "an array", "NULL for numbers")
        try require(isNumber || intervals == nil, "intervals", "an array", "NULL for classes")
        guard !inputs.isEmpty else { return }
        handle.write(
            try handle.classifier.classify(inputs, abstain: isWanted ? abstain : nil),
            to: Arrays(
                values: values, sets: sets, intervals: intervals, familiarities: familiarities))
    }
}

@_cdecl("knas_free")
public func knasFree(_ message: UnsafeMutablePointer<CChar>?) { free(message) }

// MARK: Arguments and errors

/// Does something; where that throws, the message is passed out.
/// - Returns: 0, or what the command line would end with.
private func reporting(to error: CMessage?, _ body: () throws -> Void) -> Int32 {
    error?.pointee = nil
    do {
        try body()
        return 0
    } catch let failure {
        error?.pointee = strdup("\(failure)")
        return (failure as? any DiagnosedError)?.kind.rawValue ?? ErrorKind.internalError.rawValue
    }
}

/// The classifier and the texts that a call is about.
/// - Throws: `BadOption`, ``BadText``.
private func question(
    _ classifier: UnsafeRawPointer?, _ texts: UnsafePointer<UnsafePointer<CChar>?>?,
    _ pairs: UnsafePointer<UnsafePointer<CChar>?>?, _ count: Int64
) throws -> (Handle, [TextClassifier.Input]) {
    guard let handle = Handle.borrowed(classifier) else {
        throw BadOption(null: "classifier", expected: "what knas_open gave")
    }
    try require((0...Int64(Int32.max)).contains(count), "count", count, "0 or more")
    guard count > 0 else { return (handle, []) }
    guard let texts else { throw BadOption(null: "texts", expected: "an array") }
    let inputs = try (0..<Int(count)).map { place in
        TextClassifier.Input(
            try checked(texts[place], "text \(place + 1)"),
            pair: try pairs.map { try checked($0[place], "second text \(place + 1)") })
    }
    return (handle, inputs)
}

extension BadOption {
    fileprivate init(null name: String, expected: String) {
        self.init(name: name, value: "NULL", expected: expected)
    }
}

/// An argument as text.
/// - Throws: `BadOption` for NULL; ``BadText`` for bytes that are not UTF-8.
private func text(_ pointer: UnsafePointer<CChar>?, _ name: String) throws -> String {
    guard let pointer else { throw BadOption(null: name, expected: "text") }
    guard let text = String(validatingCString: pointer) else {
        throw BadText(name: name, reason: "is not UTF-8")
    }
    return text
}

/// A text to classify, by the rules of training.
private func checked(_ pointer: UnsafePointer<CChar>?, _ name: String) throws -> String {
    let text = RowRules.trimmed(try text(pointer, name))
    if let reason = RowRules.fault(ofText: text) { throw BadText(name: name, reason: "\(reason)") }
    return text
}

/// A text that cannot be classified.
private struct BadText: DiagnosedError {
    let name: String
    let reason: String
    var kind: ErrorKind { .badInput }
    var description: String { "\(name): \(reason)" }
}
