import Foundation
import KNAS
import Metrics
import Support
import Tasks

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
        guard let handle = Handle.borrowed(classifier) else {
            throw BadOption(name: "classifier", value: "NULL", expected: "what knas_open gave")
        }
        try require((0...Int64(Int32.max)).contains(count), "count", count, "0 or more")
        guard count > 0 else { return }
        guard let texts, let values else {
            throw BadOption(
                name: texts == nil ? "texts" : "values", value: "NULL", expected: "an array")
        }
        let inputs = try (0..<Int(count)).map { place in
            TextClassifier.Input(
                try checked(texts[place], "text \(place + 1)"),
                pair: try pairs.map { try checked($0[place], "second text \(place + 1)") })
        }
        let answers = try handle.values(inputs)
        values.update(from: answers, count: answers.count)
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

/// An argument as text.
/// - Throws: `BadOption` for NULL; ``BadText`` for bytes that are not UTF-8.
private func text(_ pointer: UnsafePointer<CChar>?, _ name: String) throws -> String {
    guard let pointer else {
        throw BadOption(name: name, value: "NULL", expected: "text")
    }
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
