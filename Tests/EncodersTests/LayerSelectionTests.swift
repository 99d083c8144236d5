import Encoders
import Testing

@Suite("The choice of layers")
struct LayerSelectionTests {
    @Test("every form gives ascending layers")
    func forms() throws {
        let expected: [(String, [Int])] = [
            ("10", [10]), ("8-10", [8, 9, 10]), ("9,2,9", [2, 9]), ("0,11-12", [0, 11, 12]),
            ("last", [12]), ("upper-third", [9, 10, 11, 12]), ("all", Array(0...12)),
        ]
        for (text, layers) in expected {
            let selection = try #require(LayerSelection(text))
            #expect(try selection.layers(of: 12) == layers, "\(text)")
            #expect(LayerSelection(selection.description) == selection)
        }
        #expect(try LayerSelection.upperThird.layers(of: 1) == [1])
        #expect(try LayerSelection.upperThird.layers(of: 6) == [5, 6])
    }

    @Test(
        "anything else is refused",
        arguments: ["", "-1", "3-", "5-3", "a", "1,,2", "1-2-3", "99999999999999999999", "0-1001"])
    func wrong(_ text: String) {
        #expect(LayerSelection(text) == nil)
    }

    @Test("layers that the encoder does not have are refused")
    func tooHigh() {
        #expect(throws: EncoderError.self) { try LayerSelection.numbers([13]).layers(of: 12) }
    }
}
