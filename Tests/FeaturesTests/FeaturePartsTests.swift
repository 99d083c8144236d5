import Encoders
import Features
import Foundation
import Support
import Tasks
import TestSupport
import Testing

@Suite("Features in parts", .serialized)
struct FeaturePartsTests {
    /// A task's splits, a tiny encoder and folders of their own.
    private struct Fixture {
        let directory: URL
        let encoder: Encoder
        let configuration: FeatureConfiguration
        /// Several blocks in train, one in each of the others.
        let splits: [[Example]]

        init(
            pairing: Pairing = .siamese, word: String = "fox", encoder: Encoder? = nil
        ) throws {
            directory = try TinyEncoder.temporaryDirectory()
            let url = directory.appendingPathComponent("encoder")
            if encoder == nil { try TinyEncoder.write(to: url) }
            self.encoder = try encoder ?? Encoder(directory: url)
            configuration = FeatureConfiguration(
                layers: [1, 2], pairing: pairing, maximumLength: 32)
            let words = ["quick", "brown", "lazy", "daft", "black", "bright", "good", "bad"]
            func examples(_ count: Int, from start: Int) -> [Example] {
                (start..<start + count).map { number in
                    let text = (0..<2 + number % 5)
                        .map { words[(number >> (3 * $0)) % 8] }.joined(separator: " ")
                    return Example(
                        text: "\(word) \(text) \(number)", pair: "it is \(number) jugs",
                        label: number % 2)
                }
            }
            splits = [examples(3000, from: 0), examples(50, from: 4000), examples(40, from: 5000)]
        }

        func cache(_ name: String, threads: Int = 2) -> FeatureCache {
            FeatureCache(
                encoder: encoder, directory: directory.appendingPathComponent(name),
                threads: threads)
        }

        func parts(_ cache: FeatureCache, program: String = "1") throws -> FeatureParts {
            try FeatureParts(cache, splits: splits, configuration, program: program)
        }

        func url(_ name: String) -> URL { directory.appendingPathComponent(name) }

        /// The bytes of all entries of a cache, by name.
        func entries(_ name: String) throws -> [String: Data] {
            let folder = directory.appendingPathComponent(name)
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            return Dictionary(
                uniqueKeysWithValues: try names.filter { !$0.hasSuffix(".verified") }.map {
                    ($0, try Data(contentsOf: folder.appendingPathComponent($0)))
                })
        }

        /// Parts of all shards, computed by processes that share nothing.
        func write(_ count: Int) throws -> [URL] {
            try (0..<count).map { shard in
                let part = url("part-\(shard)-of-\(count)")
                let parts = try parts(cache("nothing \(shard)", threads: 1 + shard % 2))
                _ = try parts.write(part) { $0 % count == shard }
                return part
            }
        }

        func remove() { try? FileManager.default.removeItem(at: directory) }
    }

    @Test(
        "merged in any order, or twice, parts give the bytes of an undivided pass",
        arguments: Pairing.allCases)
    func bytes(_ pairing: Pairing) throws {
        let fixture = try Fixture(pairing: pairing)
        defer { fixture.remove() }
        for split in fixture.splits {
            _ = try fixture.cache("whole").features(of: split, fixture.configuration)
        }
        let whole = try fixture.entries("whole")
        #expect(whole.count == 6)
        // More shards than blocks: some parts are empty.
        for count in [1, 3, 11] {
            let written = try fixture.write(count)
            let name = "merged \(count)"
            let parts = try fixture.parts(fixture.cache(name))
            #expect(parts.blockCount > 3 && parts.blockCount < 11)
            #expect(try parts.missingBlocks() == parts.blockCount)
            #expect(try parts.merge(written.reversed() + written) == 3)
            #expect(try fixture.entries(name) == whole)
            #expect(try parts.missingBlocks() == 0)
            #expect(try parts.merge(written) == 0)
        }
    }

    @Test("a part has the same bytes whether its rows were computed or in the cache")
    func cached() throws {
        let fixture = try Fixture()
        defer { fixture.remove() }
        let computed = try Data(contentsOf: fixture.write(2)[1])
        let cache = fixture.cache("filled")
        for split in fixture.splits.dropFirst() {
            _ = try cache.features(of: split, fixture.configuration)
        }
        let parts = try fixture.parts(cache)
        #expect(try parts.missingBlocks() == parts.blockCount - 2)
        let again = fixture.url("again")
        #expect(try parts.write(again) { $0 % 2 == 1 } == parts.blockCount / 2)
        #expect(try Data(contentsOf: again) == computed)
    }

    @Test("where a block is missing nothing is put together, and the error says which")
    func incomplete() throws {
        let fixture = try Fixture()
        defer { fixture.remove() }
        let written = try fixture.write(3)
        let parts = try fixture.parts(fixture.cache("merged"))
        let expected = (0..<parts.blockCount).filter { $0 % 3 == 1 }
        let error = #expect(throws: FeatureError.self) {
            _ = try parts.merge([written[0], written[2], written[0]])
        }
        #expect(error == .incomplete(missing: expected, blocks: parts.blockCount))
        #expect(error?.kind == .missingFile)
        #expect(try parts.missingBlocks() == parts.blockCount)
    }

    @Test("parts of other texts, layers, lengths or another version are refused")
    func foreign() throws {
        let fixture = try Fixture()
        defer { fixture.remove() }
        let other = try Fixture(word: "zebra", encoder: fixture.encoder)
        defer { other.remove() }
        var deep = fixture.configuration
        deep.layers = [2]
        var short = fixture.configuration
        short.maximumLength = 16
        let cache = fixture.cache("cache")
        let cases: [(String, FeatureParts)] = [
            ("texts' digest", try other.parts(other.cache("cache"))),
            ("layers", try FeatureParts(cache, splits: fixture.splits, deep, program: "1")),
            (
                "longest sequence",
                try FeatureParts(cache, splits: fixture.splits, short, program: "1")
            ),
            ("program version", try fixture.parts(cache, program: "2")),
        ]
        let own = try fixture.parts(cache)
        for (name, parts) in cases {
            let part = fixture.url("foreign")
            _ = try parts.write(part) { $0 == 0 }
            #expect(parts.digest != own.digest)
            let error = #expect(throws: FeatureError.self) { _ = try own.merge([part]) }
            guard case .foreignPart(_, let field, _, _)? = error else {
                Issue.record("\(name): \(String(describing: error))")
                continue
            }
            #expect(field == name)
            #expect(error?.kind == .badInput)
        }
    }

    @Test("a damaged part, and a file that is none, are refused")
    func damaged() throws {
        let fixture = try Fixture()
        defer { fixture.remove() }
        let whole = try Data(contentsOf: fixture.write(1)[0])
        let parts = try fixture.parts(fixture.cache("merged"))
        let part = fixture.url("damaged")
        var flipped = whole
        flipped[whole.count / 2] ^= 1
        for bytes in [flipped, whole.prefix(whole.count - 1), Data("no part".utf8), Data()] {
            try Data(bytes).write(to: part)
            let error = #expect(throws: FeatureError.self) { _ = try parts.merge([part]) }
            #expect(error?.kind == .badInput)
        }
        #expect(try parts.missingBlocks() == parts.blockCount)
        #expect(throws: FileError.self) { _ = try parts.merge([fixture.url("none")]) }
    }

    @Test("a part that is stopped half way is not there")
    func stopped() throws {
        let fixture = try Fixture()
        defer { fixture.remove() }
        let part = fixture.url("part")
        #expect(throws: Interrupted.self) {
            _ = try fixture.parts(fixture.cache("cache")).write(
                part, progress: { $0.completed > 0 ? .stop : .more }, including: { _ in true })
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: fixture.directory.path)
        #expect(!names.contains { $0.contains("part") })
    }

    @Test("lengths are known without encoding anything")
    func lengths() throws {
        let fixture = try Fixture()
        defer { fixture.remove() }
        let cache = fixture.cache("cache")
        let lengths = try cache.lengths(of: fixture.splits[1], fixture.configuration)
        #expect(!FileManager.default.fileExists(atPath: cache.directory.path))
        let features = try cache.features(of: fixture.splits[1], fixture.configuration)
        let expected = (0..<features.count).flatMap {
            [features.length($0, segment: 0), features.length($0, segment: 1)]
        }
        #expect(lengths == expected)
    }
}
