import Encoders
import Foundation
import Support
import Tasks
import Tensors

/// Some blocks of the encoder's pass in one safetensors file: the numbers of the blocks, a tensor
/// `[layers, tokens, width]` in float16 for each, a checksum, and, as metadata, which features they
/// belong to.
struct FeaturePart {
    private let file: SafetensorsFile
    /// Numbers of the blocks, ascending.
    let blocks: [Int]

    /// What parts must have in common to belong together.
    struct Identity {
        /// In order, by the names that users know.
        let fields: [(name: String, value: String)]

        init(
            _ works: [FeatureWork], _ configuration: FeatureConfiguration, _ encoder: Encoder,
            program: String
        ) {
            // The entries' digests cover the texts too; everything else in them is listed before.
            var texts = DigestBuilder()
            for entry in works.flatMap(\.entries) { texts.add(entry.digest) }
            let layers = configuration.layers ?? [encoder.configuration.layers]
            fields = [
                ("format", "knas features part 1"), ("program version", program),
                ("processor's matrix kernels", BLAS.kernelName),
                ("encoder's digest", encoder.digest),
                ("layers", layers.map(String.init).joined(separator: " ")),
                ("pairing", configuration.pairing.rawValue),
                ("longest sequence", "\(configuration.maximumLength)"),
                ("texts' digest", texts.hexadecimal()),
            ]
        }

        /// Of all fields.
        var digest: String {
            var builder = DigestBuilder()
            for field in fields { builder.add(field.value) }
            return builder.hexadecimal()
        }
    }

    /// Opens a part; its rows are not read.
    ///
    /// - Parameters:
    ///   - count: number of blocks in total.
    ///   - shape: of a block.
    /// - Throws: ``FeatureError/foreignPart(path:field:expected:found:)``,
    ///   ``FeatureError/damagedPart(path:reason:)``, ``FileError``.
    init(_ url: URL, identity: Identity, blocks count: Int, shape: (Int) -> [Int]) throws {
        do {
            file = try SafetensorsFile(url)
            for (name, value) in identity.fields {
                let found = file.metadata[name] ?? "missing"
                guard found == value else {
                    throw FeatureError.foreignPart(
                        path: url.path, field: name, expected: value, found: found)
                }
            }
            blocks = try file.int32s("blocks").map(Int.init)
            guard blocks.allSatisfy({ (0..<count).contains($0) }),
                zip(blocks, blocks.dropFirst()).allSatisfy({ $0 < $1 })
            else {
                throw FeatureError.damagedPart(
                    path: url.path, reason: "its block numbers are not ascending")
            }
            for block in blocks {
                _ = try file.bytes(Self.name(block), expecting: shape(block))
                guard try file.info(Self.name(block)).dtype == .float16 else {
                    throw FeatureError.damagedPart(
                        path: url.path, reason: "block \(block) is not in float16")
                }
            }
        } catch let error as TensorError {
            throw FeatureError.damagedPart(path: url.path, reason: error.description)
        }
    }

    /// Reads everything once and compares the checksum.
    /// - Throws: ``FeatureError/damagedPart(path:reason:)``.
    func verify() throws {
        do {
            var checksum = Checksum()
            for block in blocks {
                checksum.add(try file.bytes(Self.name(block)))
                file.releasePages()
            }
            guard try Array(file.bytes("checksum")) == checksum.bytes else {
                throw FeatureError.damagedPart(
                    path: file.url.path, reason: "the checksum differs")
            }
        } catch let error as TensorError {
            throw FeatureError.damagedPart(path: file.url.path, reason: error.description)
        }
    }

    /// Passes on the rows of a block in one layer, `[tokens, width]`.
    func layer(_ layer: Int, of block: Int, _ sink: SafetensorsEntry.Sink) throws {
        let name = Self.name(block)
        let bytes = try file.bytes(name)
        let size = bytes.count / (try file.info(name).shape[0])
        try sink(UnsafeRawBufferPointer(rebasing: bytes[layer * size..<(layer + 1) * size]))
        file.releasePages()
    }

    /// Writes a part; `produce` is called once per block, in order, and passes on its rows.
    static func write(
        to url: URL, identity: Identity, blocks: [Int], shape: (Int) -> [Int],
        produce: (Int, SafetensorsEntry.Sink) throws -> Void
    ) throws {
        try withoutActuallyEscaping(produce) { produce in
            let sum = SharedChecksum()
            var entries = [
                SafetensorsEntry(
                    name: "blocks", shape: [blocks.count], int32s: blocks.map(Int32.init))
            ]
            for block in blocks {
                entries.append(
                    sum.halves(name(block), shape: shape(block)) { try produce(block, $0) })
            }
            entries.append(sum.entry)
            let metadata = Dictionary(
                uniqueKeysWithValues: identity.fields.map { ($0.name, $0.value) })
            try SafetensorsWriter.write(entries, metadata: metadata, to: url)
        }
    }

    private static func name(_ block: Int) -> String { "block \(block)" }
}
