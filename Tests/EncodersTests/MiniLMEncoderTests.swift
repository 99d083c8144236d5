import Encoders
import Foundation
import Graphs
import Tensors
import Testing
import Tokenization

/// Where `knas encoder install all-minilm-l6-v2` has been run.
@Suite(
    "all-MiniLM-L6-v2, a BERT with its own vocabulary",
    .enabled(if: EncoderStore.installed().contains("all-minilm-l6-v2")))
struct MiniLMEncoderTests {
    private struct Text: Decodable {
        let text: String
        let pair: String?
    }

    @Test("ids, segments and hidden states equal the reference, the states within 3e-4")
    func reference() throws {
        let encoder = try Encoder(directory: EncoderStore.find("all-minilm-l6-v2"))
        let file = try SafetensorsFile(InstalledEncoder.fixture("minilm.safetensors"))
        let texts = try JSONDecoder().decode(
            [Text].self, from: Data((file.metadata["texts"] ?? "").utf8))
        #expect(texts.count == 5)
        let (graph, parameters) = try encoder.graph(layers: [encoder.configuration.layers])
        let executor = Executor(graph)
        for (index, row) in texts.enumerated() {
            let text = encoder.tokenizer.encode(row.text, pair: row.pair, maximumLength: 512)
            #expect(text.ids == (try file.int32s("\(index).input_ids")))
            #expect(text.segmentIDs == (try file.int32s("\(index).token_type_ids")))
            let output = executor.forward(try encoder.batch([text]), parameters: parameters)
            let expected = try file.floats("\(index).last_hidden_state")
            let error = expected.indices.map { abs(output[$0] - expected[$0]) }.max() ?? .infinity
            #expect(error < 3e-4)
        }
    }
}
