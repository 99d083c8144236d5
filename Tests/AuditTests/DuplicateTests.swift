import Foundation
import Support
import Tasks
import Testing

@testable import Audit

@Suite("Rows that say the same")
struct DuplicateTests {
    private static let sentence = "the quick brown fox jumps over the lazy dog in the park"

    @Test("duplicates differ by case, width and white space only; other labels are named")
    func duplicates() throws {
        let scene = try AuditScene(
            train: [
                "Good  day,a", "good day,b", "\u{FF27}ood\u{00A0}day,a", "good day!,a", "bad,b",
                "a bad idea,b",
            ], dev: ["BAD,b"], test: ["something else,a"])
        defer { scene.remove() }
        let result = try scene.audit()
        #expect(result.labels == nil && result.encoders.isEmpty)
        #expect(result.duplicates.map(\.rows) == [[0, 1, 2], [4, 6]])
        #expect(result.duplicates.map(\.isConflicting) == [true, false])
        #expect(result.rows[2].line == 4 && result.rows[2].file.hasSuffix("train.csv"))
        #expect(result.leakage == [.init(row: 6, other: 4, similarity: 1)])
        let lines = AuditTable(result).csv.split(separator: "\n")
        #expect(lines[0] == "split,file,line,label,duplicate_of,near,similarity,leaks_from,text")
        #expect(lines.count == 9 && lines[7].contains("train.csv:6"))
    }

    @Test("a text with a word changed is a near-duplicate, and leaks where it is in test")
    func near() throws {
        let other = Self.sentence.replacingOccurrences(of: "park", with: "wood")
        let scene = try AuditScene(
            train: ["\(Self.sentence),a", "pack my box with five dozen liquor jugs,b", "x,a"],
            dev: ["how vexingly quick daft zebras jump,b"], test: ["\(other),b", "y,a"])
        defer { scene.remove() }
        let result = try scene.audit()
        #expect(result.duplicates.isEmpty && result.nearDuplicates.map(\.rows) == [[0, 4]])
        #expect(result.nearDuplicates[0].isConflicting)
        let expected = Shingles(Self.sentence).similarity(to: Shingles(other))
        #expect(expected > 0.8 && expected < 1)
        #expect(result.leakage == [.init(row: 4, other: 0, similarity: expected)])
    }

    @Test("a pair is a duplicate only where both texts are")
    func pairs() {
        func key(_ text: String, _ pair: String?) -> String {
            TextKey.key(Example(text: text, pair: pair, label: 0))
        }
        #expect(key("A b", "c") == key("a  B", "C"))
        #expect(key("a b", "c") != key("a", "b c") && key("a", "b") != key("b", "a"))
        #expect(key("a\u{1F}b", nil) != key("a", "b"))
    }

    @Test("near-duplicates are those that comparing all pairs finds, and threads change nothing")
    func allPairs() throws {
        var generator = RandomKey(seed: 4).generator()
        let words = (0..<60).map { "word\($0 * 7919 % 997)" }
        let texts = (0..<300).map { index -> String in
            var chosen = (0..<12).map { words[(index / 3 * 17 + $0 * 5) % words.count] }
            if index % 3 > 0 { chosen[generator.index(below: 12)] = "new\(index)" }
            return "\(index / 3 * 3779) " + chosen.joined(separator: " ")
        }
        let shingles = texts.map(Shingles.init)
        let found = try [1, 3].map {
            try NearDuplicates(texts, threshold: 0.75, threads: $0, progress: nil)
        }
        #expect(found[0].groups == found[1].groups)
        for link in found[0].links {
            let similarity = shingles[link.first].similarity(to: shingles[link.second])
            #expect(similarity == link.similarity && similarity >= 0.75)
        }
        var pairs = 0
        for a in texts.indices {
            for b in 0..<a where shingles[a].similarity(to: shingles[b]) >= 0.8 {
                pairs += 1
                #expect(found[0].groups[a] == found[0].groups[b])
            }
        }
        #expect(pairs > 50)
    }

    @Test("similarity is the share of common runs; short and strange texts have one too")
    func similarity() {
        // abcd, bcde, cdef against bcde, cdef, defg.
        #expect(Shingles("abcdef").similarity(to: Shingles("bcdefg")) == 0.5)
        for text in ["", "a", "ab", "\u{1F600}", "e\u{301}"] {
            #expect(Shingles(text).hashes.count == 1)
            #expect(Shingles(text).similarity(to: Shingles(text)) == 1)
        }
        #expect(Shingles("a").similarity(to: Shingles("b")) == 0)
    }

    @Test("rows from one template make one group without all pairs being compared")
    func template() throws {
        let texts = (0..<20_000).map {
            "Dear guest, your booking with the number \($0) has been confirmed by the front desk"
        }
        let near = try NearDuplicates(texts, threshold: 0.8, threads: 2, progress: nil)
        #expect(near.links.count < texts.count)
        #expect(near.groups.count { $0 == 0 } > 19_000)
    }
}
