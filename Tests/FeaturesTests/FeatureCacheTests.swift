import Encoders
import Features
import Foundation
import Support
import Tasks
import Tensors
import TestSupport
import Testing

@Suite("Encoders in directories, and their cached features", .serialized)
struct FeatureCacheTests {
    private let examples = [
        Example(text: "a good day", pair: "it is good", label: 1),
        Example(text: "what a bad idea", pair: "it is bad", label: 0),
        Example(text: "it is good", pair: "a good day", label: 1),
        Example(text: "", pair: "zebras", label: 0),
    ]

    private func withEncoder(
        _ layout: TinyEncoder.Layout = .bert, _ body: (Encoder, URL) throws -> Void
    ) throws {
        let directory = try TinyEncoder.temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let encoder = directory.appendingPathComponent("encoder")
        try TinyEncoder.write(to: encoder, layout: layout)
        try body(try Encoder(directory: encoder), directory)
    }

    /// Runs a test on a cache with one entry.
    private func withEntry(
        _ body: (_ cache: FeatureCache, _ entry: URL, _ features: FeatureSet) throws -> Void
    ) throws {
        try withEncoder { encoder, directory in
            let folder = directory.appendingPathComponent("cache")
            let cache = FeatureCache(encoder: encoder, directory: folder, threads: 1)
            let features = try cache.features(of: examples, FeatureConfiguration())
            let name = try FileManager.default.contentsOfDirectory(atPath: folder.path)[0]
            try body(cache, folder.appendingPathComponent(name), features)
        }
    }

    private func rows(_ features: FeatureSet) throws -> [Float] {
        let batch = try features.batch(Array(0..<features.count))
        return Array(
            UnsafeBufferPointer(
                start: batch.batch.inputs[0], count: batch.batch.tokenCount * features.width))
    }

    @Test("sequences are as long as the encoder reads, whatever the task wants")
    func longestSequence() throws {
        try withEncoder { encoder, directory in
            let rows = "text\tlabel\na good day\tyes\nbad\tno\ngood\tyes\nit is bad\tno\n"
            try Data(rows.utf8).write(to: directory.appendingPathComponent("train.tsv"))
            let task = directory.appendingPathComponent("task.yml")
            try Data(
                """
                columns: {text: text, label: label}
                splits: {train: train.tsv, dev: {from: train, rows: 1}, test: {from: train, rows: 1}}
                max-tokens: 100000
                """.utf8
            ).write(to: task)
            let source = FeatureSource(
                dataset: try Dataset.load(TaskDefinition.load(task), dataDirectory: nil),
                encoder: encoder, layers: [0], threads: 1, progress: nil, note: { _ in })
            #expect(source.configuration.maximumLength == encoder.maximumLength)
        }
    }

    @Test("every layout of a checkpoint gives the same features")
    func layouts() throws {
        var reference: [Float]?
        for layout in TinyEncoder.Layout.allCases where layout != .prefixedRoBERTa {
            try withEncoder(layout) { encoder, directory in
                let cache = FeatureCache(encoder: encoder, directory: directory, threads: 2)
                let found = try rows(try cache.features(of: examples, FeatureConfiguration()))
                if let reference { #expect(found == reference, "\(layout)") }
                reference = found
            }
        }
        try withEncoder(.prefixedRoBERTa) { encoder, directory in
            let cache = FeatureCache(encoder: encoder, directory: directory, threads: 2)
            let found = try rows(try cache.features(of: examples, FeatureConfiguration()))
            #expect(found.count == reference?.count)
            #expect(encoder.maximumLength == 38)
        }
    }

    @Test("threads do not change a bit, and equal texts share their rows")
    func threads() throws {
        try withEncoder { encoder, directory in
            let one = FeatureCache(
                encoder: encoder, directory: directory.appendingPathComponent("a"), threads: 1)
            let two = FeatureCache(
                encoder: encoder, directory: directory.appendingPathComponent("b"), threads: 2)
            for pairing in Pairing.allCases {
                let configuration = FeatureConfiguration(layers: [1], pairing: pairing)
                let a = try one.features(of: examples, configuration)
                let b = try two.features(of: examples, configuration)
                #expect(try rows(a) == rows(b))
                #expect(a.segments == (pairing == .siamese ? 2 : 1))
            }
            let siamese = try one.features(of: examples, FeatureConfiguration())
            let first = try siamese.batch([0]).batch
            #expect(first.offsets.last! == Int64(siamese.tokenCount(0)))
        }
    }

    @Test(
        "features in bfloat16 are near those in float32, in an entry of their own, for any threads",
        .enabled(if: Precision.bfloat16.isAvailable))
    func bfloat16() throws {
        try withEncoder { encoder, directory in
            let exact = FeatureCache(encoder: encoder, directory: directory, threads: 1)
            let expected = try rows(try exact.features(of: examples, FeatureConfiguration()))
            let encoder = try encoder.computing(in: .bfloat16)
            for threads in 1...2 {
                let folder = directory.appendingPathComponent("\(threads)")
                let rounded = FeatureCache(encoder: encoder, directory: folder, threads: threads)
                let found = try rows(try rounded.features(of: examples, FeatureConfiguration()))
                #expect(found != expected && found.count == expected.count)
                #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 0.05 })
                let same = FeatureCache(encoder: encoder, directory: directory, threads: 2)
                #expect(
                    try rows(try same.features(of: examples, FeatureConfiguration())) == found)
            }
            #expect(try rows(try exact.features(of: examples, FeatureConfiguration())) == expected)
        }
    }

    @Test("several layers at once are those of one layer at a time, and only the missing are made")
    func layers() throws {
        try withEncoder { encoder, directory in
            let together = FeatureCache(
                encoder: encoder, directory: directory.appendingPathComponent("a"), threads: 2)
            let apart = FeatureCache(
                encoder: encoder, directory: directory.appendingPathComponent("b"), threads: 1)
            let both = try together.features(of: examples, FeatureConfiguration(layers: [0, 2]))
            let all = try together.features(
                of: examples, FeatureConfiguration(layers: [0, 1, 2]))
            #expect(both.layerCount == 2 && all.layerCount == 3)
            let batch = try all.batch([1, 2], slots: [2])
            for layer in 0...2 {
                let one = try rows(
                    try apart.features(of: examples, FeatureConfiguration(layers: [layer])))
                let slot = try all.batch(Array(examples.indices)).batch
                let found = UnsafeBufferPointer(
                    start: slot.inputs[layer], count: slot.tokenCount * all.width)
                #expect(Array(found) == one, "layer \(layer)")
            }
            let second = try all.batch([1, 2]).batch
            let count = second.tokenCount * all.width
            #expect(
                Array(UnsafeBufferPointer(start: batch.batch.inputs[2], count: count))
                    == Array(UnsafeBufferPointer(start: second.inputs[2], count: count)))
            let subset = all.subset([2, 0])
            #expect(subset.labels == [1, 1] && subset.tokenCount(1) == all.tokenCount(0))
        }
    }

    @Test("a damaged entry is detected and rebuilt")
    func damage() throws {
        try withEntry { cache, url, features in
            let expected = try rows(features)
            let whole = try Data(contentsOf: url)
            var flipped = whole
            flipped[whole.count - 100] ^= 1
            for bytes in [flipped, whole.prefix(whole.count / 2), Data()] {
                try Data(bytes).write(to: url)
                var reasons = 0
                let found = try cache.features(
                    of: examples, FeatureConfiguration(),
                    onRebuild: { _ in reasons += 1 })
                #expect(reasons == 1)
                #expect(try rows(found) == expected)
            }
        }
    }

    @Test("a verified checksum is remembered until the entry is written to")
    func remembered() throws {
        try withEntry { cache, url, features in
            let expected = try rows(features)
            func age(by seconds: Double) throws {
                try FileManager.default.setAttributes(
                    [.modificationDate: Date(timeIntervalSince1970: 1e9 + seconds)],
                    ofItemAtPath: url.path)
            }
            func opensWhole(rebuilding times: Int) throws -> Bool {
                var rebuilt = 0
                let found = try cache.features(
                    of: examples, FeatureConfiguration(), onRebuild: { _ in rebuilt += 1 })
                return try rows(found) == expected && rebuilt == times
            }
            // What has just been written is read whole every time.
            #expect(try opensWhole(rebuilding: 0))
            let folder = url.deletingLastPathComponent()
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 1)
            try age(by: 0)
            #expect(try opensWhole(rebuilding: 0))
            let note = url.deletingPathExtension().appendingPathExtension("verified")
            #expect(FileManager.default.fileExists(atPath: note.path))
            // A bit that changes by itself goes unseen; the same bit with another time does not.
            let handle = try FileHandle(forUpdating: url)
            let place = try handle.seekToEnd() - 100
            try handle.seek(toOffset: place)
            let byte = try #require(try handle.read(upToCount: 1)).map { $0 ^ 1 }
            try handle.seek(toOffset: place)
            try handle.write(contentsOf: Data(byte))
            try handle.close()
            try age(by: 0)
            #expect(try !opensWhole(rebuilding: 0))
            try age(by: 1)
            #expect(try opensWhole(rebuilding: 1))
        }
    }

    @Test("an entry that is cut short while it is used is an error, not a crash")
    func cutShort() throws {
        try withEntry { _, url, features in
            let handle = try FileHandle(forUpdating: url)
            try handle.truncate(atOffset: 300)
            try handle.close()
            #expect(throws: FileError.self) { try rows(features) }
        }
    }

    @Test("layers that an encoder does not have are refused")
    func badLayer() throws {
        try withEncoder { encoder, directory in
            let cache = FeatureCache(encoder: encoder, directory: directory, threads: 1)
            #expect(throws: EncoderError.self) {
                try cache.features(of: examples, FeatureConfiguration(layers: [3]))
            }
        }
    }

    @Test("a directory without a weight, with a foreign one, or of another family is refused")
    func brokenDirectories() throws {
        try withEncoder { _, directory in
            let encoder = directory.appendingPathComponent("encoder")
            let configuration = encoder.appendingPathComponent("config.json")
            let text = try String(contentsOf: configuration, encoding: .utf8)
            for (old, new) in [
                ("\"num_hidden_layers\":2", "\"num_hidden_layers\":3"),
                ("\"num_hidden_layers\":2", "\"num_hidden_layers\":1"),
                ("\"model_type\":\"bert\"", "\"model_type\":\"t5\""),
                ("\"hidden_size\":16", "\"hidden_size\":17"), ("{", "["),
            ] {
                try text.replacingOccurrences(of: old, with: new)
                    .write(to: configuration, atomically: true, encoding: .utf8)
                let error = #expect(throws: (any Error).self) {
                    try Encoder(directory: encoder)
                }
                #expect((error as? any DiagnosedError)?.kind == .badInput, "\(new)")
            }
        }
    }
}
