import Foundation
import Support
import TestMutations
import Testing

@Suite("The fuzzer's mutations")
struct MutationTests {
    private let bytes = Array(#"{"name":[1,23,{"x":"y"}],"offsets":[0,4096]}"#.utf8)

    private func mutations(seed: UInt64, count: Int = 3_000) -> [[UInt8]] {
        let mutator = Mutator(tokens: ["{", "}", "\"x\"", "[0]"], maximumBytes: 1 << 16)
        return (0..<count).map { index in
            var generator = RandomKey(seed: seed).child(index).generator()
            return mutator.mutate(bytes, splicing: [Array("other".utf8)], using: &generator)
        }
    }

    @Test("a seed makes the same bytes again, another seed makes others")
    func reproducible() {
        let first = mutations(seed: 1)
        #expect(first == mutations(seed: 1))
        #expect(first != mutations(seed: 2))
    }

    @Test("they change nearly every input, in many ways, and never beyond the limit")
    func variety() {
        let all = mutations(seed: 3)
        #expect(all.count { $0 != bytes } > all.count * 9 / 10)
        #expect(Set(all).count > all.count * 3 / 4)
        #expect(all.allSatisfy { $0.count <= 1 << 16 })
        #expect(all.contains { $0.count < bytes.count / 2 })
        #expect(all.contains { $0.count > 10 * bytes.count })
    }

    @Test("empty input does not trap")
    func empty() {
        for index in 0..<500 {
            var generator = RandomKey(seed: 4).child(index).generator()
            _ = Mutator(tokens: ["a"]).mutate([], using: &generator)
            _ = WireMutator(Mutator()).mutate([], using: &generator)
            var header: [UInt8] = []
            SafetensorsMaker.repair(&header)
            _ = SafetensorsMaker.make(using: &generator)
        }
    }
}
