import Foundation
import Support
import Tensors
import TestMutations
import Testing

@Suite("Safetensors files made by the fuzzer")
struct SafetensorsMutationTests {
    @Test("are refused with a diagnosis, or all of their tensors can be read")
    func mutations() throws {
        let url = FileManager.default.temporaryDirectory
            .appendingPathComponent("mutation-\(UUID().uuidString).safetensors")
        defer { try? FileManager.default.removeItem(at: url) }
        let mutator = Mutator(tokens: ["{", "}", "[", "]", "\"shape\"", "\"F32\"", "__metadata__"])
        var accepted = 0
        for round in 0..<4_000 {
            var generator = RandomKey(seed: 21).child(round).generator()
            var bytes = SafetensorsMaker.make(using: &generator)
            if round % 2 == 1 {
                bytes = mutator.mutate(bytes, using: &generator)
                SafetensorsMaker.repair(&bytes)
            }
            try Data(bytes).write(to: url)
            do {
                let file = try SafetensorsFile(url)
                accepted += 1
                for name in file.names {
                    #expect(try file.bytes(name).count == file.info(name).byteRange.count)
                    do { _ = try file.floats(name) } catch is TensorError {}
                    do { _ = try file.int32s(name) } catch is TensorError {}
                }
            } catch {
                #expect(error is TensorError, "\(error)")
            }
        }
        #expect(accepted > 200)
    }
}
