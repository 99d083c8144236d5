import Encoders
import Foundation
import Graphs
import Tensors
import Testing
import Tokenization

@Suite("The default encoder, with its real weights", .enabled(if: InstalledEncoder.isWanted))
struct DefaultEncoderTests {
    private struct Row: Decodable {
        let text: String
        let pair: String?
        let ids: [Int32]
    }

    private struct Text: Decodable {
        let text: String
        let pair: String?
    }

    @Test("token ids equal the reference exactly, on texts and pairs of many scripts")
    func tokenIDs() throws {
        let tokenizer = try InstalledEncoder.open().tokenizer
        let lines = try String(
            contentsOf: InstalledEncoder.fixture("tokenization.jsonl"), encoding: .utf8
        ).split(separator: "\n")
        #expect(lines.count == 410)
        for line in lines {
            let row = try JSONDecoder().decode(Row.self, from: Data(line.utf8))
            let found = tokenizer.encode(row.text, pair: row.pair, maximumLength: 512)
            #expect(found.ids == row.ids, "\(row.text)")
        }
    }

    private func reference() throws -> (file: SafetensorsFile, texts: [TokenizedText]) {
        let file = try SafetensorsFile(InstalledEncoder.fixture("encoder.safetensors"))
        let list = try JSONDecoder().decode(
            [Text].self, from: Data((file.metadata["texts"] ?? "").utf8))
        let texts = try list.indices.map { index in
            let ids = try file.int32s("\(index).input_ids")
            return TokenizedText(ids: ids, segmentIDs: ids.map { _ in 0 })
        }
        return (file, texts)
    }

    @Test("hidden states equal the reference within 3e-4")
    func hiddenStates() throws {
        let encoder = try InstalledEncoder.open()
        let (file, texts) = try reference()
        let (graph, parameters) = try encoder.graph(layers: [encoder.configuration.layers])
        let executor = Executor(graph)
        for (index, text) in texts.enumerated() {
            let output = executor.forward(try encoder.batch([text]), parameters: parameters)
            let expected = try file.floats("\(index).last_hidden_state")
            let error = expected.indices.map { abs(output[$0] - expected[$0]) }.max() ?? .infinity
            #expect(error < 3e-4)
        }
    }

    @Test("a batch gives what the sentences give alone, within 1e-5")
    func batchInvariance() throws {
        let encoder = try InstalledEncoder.open()
        let (_, texts) = try reference()
        let (graph, parameters) = try encoder.graph(layers: [encoder.configuration.layers])
        let executor = Executor(graph)
        let batch = try encoder.batch(texts)
        let output = executor.forward(batch, parameters: parameters)
        let together = Array(
            UnsafeBufferPointer(start: output, count: batch.tokenCount * encoder.width))
        var start = 0
        for text in texts {
            let alone = executor.forward(try encoder.batch([text]), parameters: parameters)
            let count = text.ids.count * encoder.width
            let error = (0..<count).map { abs(alone[$0] - together[start + $0]) }.max() ?? 0
            #expect(error < 1e-5)
            start += count
        }
    }
}
