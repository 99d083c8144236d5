import Foundation
import Support
import TestSupport
import Testing

@testable import Selection

@Suite("Which layers are kept")
struct LayerProbeTests {
    private func prepared(_ workspace: Workspace) throws -> Preparation {
        var input = InputConfiguration(task: workspace.task)
        input.encoders = [workspace.encoder.path]
        return try Preparation(
            input, SpaceConfiguration(), threads: 2, progress: nil, note: { _ in })
    }

    private func probe(
        _ prepared: Preparation, threads: Int = 2, progress: ProgressHandler? = nil
    ) throws -> [LayerFinding] {
        try LayerProbe(threads: threads, progress: progress, key: RandomKey(seed: 3)).run(prepared)
    }

    @Test("those that carry the labels; where none do, the highest", arguments: [0, 2])
    func informative(_ silent: Int) throws {
        let workspace = try Workspace(pairs: false)
        defer { workspace.remove() }
        try TinyEncoder.write(to: workspace.encoder, layers: 6, silent: silent..<6)
        let prepared = try prepared(workspace)
        #expect(prepared.views[0].layers == Array(0...6))
        let findings = try probe(prepared)
        #expect(findings.map(\.layer) == Array(0...6) && findings.allSatisfy { $0.view == nil })
        // The output of layer k is the hidden state k + 1.
        for finding in findings {
            if finding.layer <= silent {
                #expect(
                    (finding.accuracy ?? 0) > 0.9 && finding.crossEntropy < 0.4 && finding.isKept)
            } else {
                #expect(abs(finding.crossEntropy - log(2)) < 0.02, "\(finding)")
            }
        }
        let expected = silent == 0 ? [0, 4, 5, 6] : [0, 1, 2, 6]
        #expect(findings.filter(\.isKept).map(\.layer) == expected)
        let reading = prepared.reading(findings)
        #expect(reading.views[0].layers == expected)
        #expect(reading.spaces.spaces[0].context.layers == expected)
        #expect(try reading.features(.dev)[0].layerCount == 4)
    }

    @Test("neighbours of a better layer are kept only where an encoder has few layers")
    func apart() {
        #expect(LayerProbe.apart([11, 10, 12, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]) == [11, 9, 7, 5])
        #expect(LayerProbe.apart([6, 7, 5, 0, 1, 2, 3, 4, 8, 9, 10, 11, 12]) == [6, 0, 2, 4])
        #expect(LayerProbe.apart([4, 3, 5, 2, 6, 1, 0]) == [2, 3, 4, 5])
        #expect(LayerProbe.apart([1, 0, 2]) == [0, 1, 2] && LayerProbe.apart([0]) == [0])
        #expect(LayerProbe.apart(Array(0..<25)) == [0, 4, 8, 12])
    }

    @Test("threads change nothing, and a stop is answered by Interrupted")
    func threads() throws {
        let workspace = try Workspace()
        defer { workspace.remove() }
        let prepared = try prepared(workspace)
        let findings = try probe(prepared, threads: 1)
        #expect(try probe(prepared) == findings)
        // An encoder of two layers has no more than three hidden states.
        #expect(findings.count == 3 && findings.allSatisfy(\.isKept))
        #expect(throws: Interrupted.self) {
            try probe(prepared) { $0.stage == "layers" ? .stop : .more }
        }
    }

    @Test(
        "a handful of rows, a class of which one half has none, is no error",
        arguments: [3, 4, 5])
    func tiny(_ rows: Int) throws {
        let workspace = try Workspace(pairs: false, train: rows)
        defer { workspace.remove() }
        let findings = try probe(prepared(workspace))
        #expect(findings.count == 3 && findings.allSatisfy(\.isKept))
        #expect(
            findings.allSatisfy { (0...1).contains($0.accuracy ?? -1) && $0.crossEntropy.isFinite })
    }
}
