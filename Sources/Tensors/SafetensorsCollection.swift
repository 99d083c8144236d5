import Foundation
import Support

/// The weights of a model directory: `model.safetensors`, or the shards that
/// `model.safetensors.index.json` lists.
public final class SafetensorsCollection: SafetensorsSource {
    /// The name of a file that holds a whole model.
    public static let fileName = "model.safetensors"
    /// The name of the file that lists the shards of a model.
    public static let indexName = "model.safetensors.index.json"

    /// The directory.
    public let directory: URL
    /// Names of all tensors, in the order of the file, or of the index of shards.
    public let names: [String]
    /// Free text that the files carry; of a key in several shards, the first shard's text.
    public let metadata: [String: String]
    /// The mapped files, in the order in which the index names them first.
    public let files: [SafetensorsFile]
    private let fileOfTensor: [ExactName: Int]
    private let listing: String

    /// Opens the weights of a directory; a whole file is preferred to shards.
    ///
    /// The names of shards must be plain file names, so an index cannot make the program read
    /// outside the directory.
    /// - Throws: ``TensorError/missingWeights(directory:expected:)``,
    ///   ``TensorError/invalidIndex(path:reason:)``,
    ///   ``TensorError/missingShard(path:shard:tensor:)``,
    ///   ``TensorError/missingTensor(path:tensor:)`` for a tensor that is listed but not in its
    ///   shard, or what ``SafetensorsFile/init(_:)`` throws.
    public init(directory: URL) throws {
        self.directory = directory
        let whole = directory.appendingPathComponent(Self.fileName)
        let index = directory.appendingPathComponent(Self.indexName)
        let manager = FileManager.default
        if manager.fileExists(atPath: whole.path) {
            let file = try SafetensorsFile(whole)
            files = [file]
            names = file.names
            metadata = file.metadata
            fileOfTensor = Dictionary(uniqueKeysWithValues: file.names.map { (ExactName($0), 0) })
            listing = whole.path
        } else if manager.fileExists(atPath: index.path) {
            let shards = try Self.openShards(index: index, directory: directory)
            files = shards.files
            names = shards.names
            metadata = shards.files.reduce(into: [:]) { all, file in
                all.merge(file.metadata) { first, _ in first }
            }
            fileOfTensor = shards.fileOfTensor
            listing = index.path
        } else {
            throw TensorError.missingWeights(
                directory: directory.path, expected: [Self.fileName, Self.indexName])
        }
    }

    /// Whether there is a tensor of that name.
    public func contains(_ name: String) -> Bool {
        fileOfTensor[ExactName(name)] != nil
    }

    /// The file that holds a tensor, and what its header says of it.
    /// - Throws: ``TensorError/missingTensor(path:tensor:)``.
    public func locate(_ name: String) throws -> (file: SafetensorsFile, info: TensorInfo) {
        guard let index = fileOfTensor[ExactName(name)] else {
            throw TensorError.missingTensor(path: listing, tensor: name)
        }
        return try files[index].locate(name)
    }

    /// Tells the system that the pages read so far are not needed at the moment.
    public func releasePages() {
        for file in files { file.releasePages() }
    }

    private struct Shards {
        var files: [SafetensorsFile] = []
        var names: [String] = []
        var fileOfTensor: [ExactName: Int] = [:]
    }

    private static func openShards(index: URL, directory: URL) throws -> Shards {
        var shards = Shards()
        var numbers: [ExactName: Int] = [:]
        for (tensor, shard) in try readIndex(index) {
            guard isPlainFileName(shard) else {
                throw TensorError.invalidIndex(
                    path: index.path,
                    reason: "expected the name of a file in this directory for tensor "
                        + "\(quoted(tensor)), found \(quoted(shard))")
            }
            let number: Int
            if let known = numbers[ExactName(shard)] {
                number = known
            } else {
                number = shards.files.count
                do {
                    shards.files.append(
                        try SafetensorsFile(directory.appendingPathComponent(shard)))
                } catch FileError.missing {
                    throw TensorError.missingShard(path: index.path, shard: shard, tensor: tensor)
                }
                numbers[ExactName(shard)] = number
            }
            guard shards.files[number].contains(tensor) else {
                throw TensorError.missingTensor(
                    path: shards.files[number].url.path, tensor: tensor)
            }
            shards.names.append(tensor)
            shards.fileOfTensor[ExactName(tensor)] = number
        }
        return shards
    }

    /// Reads the pairs of tensor and shard, in the order of the index.
    private static func readIndex(_ url: URL) throws -> [(tensor: String, shard: String)] {
        let file = try MappedFile(url)
        guard file.count <= SafetensorsHeader.maximumByteCount else {
            throw TensorError.invalidIndex(
                path: url.path,
                reason: "expected at most \(SafetensorsHeader.maximumByteCount) bytes, "
                    + "found \(file.count)")
        }
        var pairs: [(tensor: String, shard: String)]?
        do {
            var reader = JSONReader(file.bytes)
            try withExtendedLifetime(file) {
                try reader.object { reader, name in
                    guard name == "weight_map" else { return try reader.skipValue() }
                    var found: [(tensor: String, shard: String)] = []
                    try reader.object { reader, tensor in
                        found.append((tensor, try reader.string()))
                    }
                    pairs = found
                }
                try reader.end()
            }
        } catch let fault as JSONReader.Fault {
            throw TensorError.invalidIndex(path: url.path, reason: fault.description)
        }
        guard let pairs else {
            throw TensorError.invalidIndex(path: url.path, reason: "'weight_map' is missing")
        }
        return pairs
    }

    private static func isPlainFileName(_ name: String) -> Bool {
        !name.isEmpty && name != "." && name != ".."
            && !name.utf8.contains { $0 == 0x2f || $0 == 0x5c || $0 < 0x20 }
    }
}
