import Foundation
import KNAS
import Testing

@Suite("The program's own test")
struct SelfTestTests {
    @Test("finds that every part works, says what each gave, and leaves nothing behind")
    func passes() throws {
        func leftovers() throws -> Set<String> {
            Set(
                try FileManager.default.contentsOfDirectory(
                    atPath: FileManager.default.temporaryDirectory.path
                ).filter { $0.hasPrefix("knas-self-test-") })
        }
        let before = try leftovers()
        var seen: [String] = []
        let test = try SelfTest(threads: 2, onCheck: { seen.append($0.name) })
        #expect(test.passes)
        #expect(test.checks.compactMap(\.problem) == [])
        #expect(test.checks.count >= 6 && seen == test.checks.map(\.name))
        #expect(test.checks.allSatisfy { !$0.finding.isEmpty })
        #expect(try leftovers() == before)
    }
}
