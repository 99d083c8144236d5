import Foundation
import KNAS
import Support
import Tensors
import TestSupport
import Testing

@testable import KNASLibrary

@Suite("The functions of knas.h")
struct LibraryTests {
    /// The library leaves OpenBLAS's choice of kernels alone; here it is made before, for the other tests of this process.
    init() { _ = BLAS.kernelName }

    /// A model of single texts.
    private static func model() throws -> Workspace {
        let workspace = try Workspace(pairs: false)
        var configuration = RunConfiguration(
            task: workspace.task, run: workspace.directory.appendingPathComponent("run"))
        configuration.input.encoders = [workspace.encoder.path]
        configuration.search.candidates = 4
        configuration.selection.keep = 1
        configuration.selection.funnel = 2
        configuration.selection.seeds = 1
        configuration.selection.tuning = 0
        configuration.threads = 1
        _ = try Pipeline(configuration).run()
        return workspace
    }

    private func classify(
        _ handle: UnsafeRawPointer?, _ texts: [String], pairs: [String]? = nil, classes: Int = 2
    ) -> (code: Int32, values: [Float], message: String?) {
        let owned = texts.map { strdup($0) }
        let seconds = pairs?.map { strdup($0) }
        defer { for text in owned + (seconds ?? []) { free(text) } }
        var values = [Float](repeating: -1, count: max(1, texts.count * classes))
        var message: UnsafeMutablePointer<CChar>?
        let code = owned.map { UnsafePointer($0) }.withUnsafeBufferPointer { texts in
            guard let seconds else {
                return knasClassify(
                    handle, texts.baseAddress, nil, Int64(texts.count), &values, &message)
            }
            return seconds.map { UnsafePointer($0) }.withUnsafeBufferPointer {
                knasClassify(
                    handle, texts.baseAddress, $0.baseAddress, Int64(texts.count), &values, &message
                )
            }
        }
        defer { knasFree(message) }
        return (code, values, message.map { String(cString: $0) })
    }

    @Test(
        "give the classifier's answers, also to several threads at a time, and errors as messages")
    func answers() async throws {
        let workspace = try Self.model()
        defer { workspace.remove() }
        let model = workspace.directory.appendingPathComponent("run/model")
        let classifier = try TextClassifier(contentsOf: model, threads: 1)
        var message: UnsafeMutablePointer<CChar>?
        nonisolated(unsafe) let handle = knasOpen(model.path, workspace.encoder.path, 2, &message)
        #expect(handle != nil && message == nil)
        #expect(knasTarget(handle) == 0 && knasTakesPairs(handle) == 0)
        #expect(knasValueCount(handle) == 2)
        #expect(
            (0..<2).map { knasLabel(handle, $0).map { String(cString: $0) } } == classifier.labels)
        #expect(knasLabel(handle, 2) == nil && knasLabel(handle, -1) == nil)
        #expect(knasThreshold(handle, 0) == 0)
        #expect(String(cString: try #require(knasVersion())) == Version.current)

        let texts = ["good day quick fox", "bad idea", " a lazy \u{e9} fox "]
        let expected = try classifier.classify(
            texts.map { TextClassifier.Input($0.trimmingCharacters(in: .whitespaces)) })
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    let found = classify(handle, texts)
                    return found.code == 0 && found.message == nil
                        && zip(found.values, expected.flatMap(\.probabilities))
                            .allSatisfy { abs($0 - $1) < 1e-5 }
                }
            }
            for await isRight in group { #expect(isRight) }
        }
        #expect(classify(handle, []).code == 0)

        try assess(handle, classifier)

        let bad = classify(handle, ["good", "  "])
        #expect(bad.code == 65 && bad.message?.hasPrefix("text 2: ") == true)
        #expect(bad.values == [-1, -1, -1, -1])
        let pair = classify(handle, ["good"], pairs: ["day"])
        #expect(pair.code == 65 || pair.code == 64)
        #expect(classify(nil, ["good"]).code == 64)
        let bytes: [CChar] = [-1, 0]
        var values: [Float] = [-1, -1]
        bytes.withUnsafeBufferPointer { bytes in
            var text = bytes.baseAddress
            #expect(knasClassify(handle, &text, nil, 1, &values, nil) == 65)
            #expect(knasClassify(handle, nil, nil, 1, &values, nil) == 64)
            #expect(knasClassify(handle, &text, nil, -1, &values, nil) == 64)
        }
        knasClose(handle)
        knasClose(nil)
    }

    /// What remains, and how familiar texts are, are the classifier's, and arrays that are not wanted are left out.
    private func assess(_ handle: UnsafeRawPointer?, _ classifier: TextClassifier) throws {
        let least = try #require(classifier.leastMiscoverage)
        #expect(knasLeastAbstain(handle) == least && knasLeastAbstain(nil) == 0)
        let texts = ["good day quick fox", "bad idea", "zebra"]
        let owned = texts.map { strdup($0) }
        defer { for text in owned { free(text) } }
        var (values, sets) = ([Float](repeating: -1, count: 6), [UInt8](repeating: 9, count: 6))
        var (familiarities, intervals) = ([9.0, 9, 9], [9.0, 9, 9, 9, 9, 9])
        let expected = try classifier.classify(texts.map { .init($0) }, abstain: 0.4)
        try owned.map { UnsafePointer($0) }.withUnsafeBufferPointer { texts in
            let texts = texts.baseAddress
            #expect(
                knasAssess(
                    handle, texts, nil, 3, 0.4, &values, &sets, nil, &familiarities, nil) == 0)
            for (row, answer) in expected.enumerated() {
                let remain = classifier.labels.map { answer.set?.contains($0) == true }
                #expect(sets[2 * row..<2 * row + 2].map { $0 == 1 } == remain)
                #expect(abs(values[2 * row] - answer.probabilities[0]) < 1e-5)
                #expect(abs(familiarities[row] - (answer.familiarity ?? 9)) < 1e-3)
            }
            familiarities = [9, 9, 9]
            #expect(
                knasAssess(handle, texts, nil, 3, 0, nil, nil, nil, &familiarities, nil) == 0)
            #expect(familiarities.allSatisfy { $0 <= 1 })
            for abstain in [0, 1, -0.5, 2, .nan, least / 2] {
                sets = [UInt8](repeating: 9, count: 6)
                #expect(
                    knasAssess(handle, texts, nil, 3, abstain, nil, &sets, nil, nil, nil) != 0)
                #expect(sets.allSatisfy { $0 == 9 })
            }
            #expect(
                knasAssess(handle, texts, nil, 3, 0.4, nil, nil, &intervals, nil, nil) == 64)
        }
    }

    @Test("a model that is not there is a message")
    func missing() throws {
        var message: UnsafeMutablePointer<CChar>?
        #expect(knasOpen("/nowhere", nil, 0, &message) == nil)
        #expect(String(cString: try #require(message)).contains("/nowhere"))
        knasFree(message)
        #expect(knasOpen("/nowhere", nil, 0, nil) == nil)
        #expect(knasOpen(nil, nil, 0, nil) == nil && knasOpen("/nowhere", nil, -1, nil) == nil)
        #expect(knasValueCount(nil) == 0 && knasLabel(nil, 0) == nil)
    }
}
