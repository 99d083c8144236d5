import Foundation
import Support

/// A memory-mapped safetensors file.
///
/// The header is checked as hostile input before anything is trusted: an object of this class
/// represents a file that contains all its tensors in full. The bytes are read when they are
/// requested and cost no memory of their own; the file must not be truncated while it is open.
public final class SafetensorsFile: SafetensorsSource {
    private let file: MappedFile
    private let header: SafetensorsHeader

    /// Maps a file and checks its header.
    /// - Throws: ``TensorError/invalidHeader(path:reason:)``,
    ///   ``TensorError/invalidTensor(path:tensor:reason:)``, or `FileError`.
    /// - Complexity: linear in the size of the header; the tensors are not touched.
    public init(_ url: URL) throws {
        file = try MappedFile(url)
        header = try SafetensorsHeader(file: file.bytes, path: url.path)
    }

    /// What was mapped.
    public var url: URL { file.url }

    /// What the system knew of the file when it was opened.
    public var stamp: FileStamp { file.stamp }

    /// Names of all tensors, in the order of their bytes.
    public var names: [String] { header.names }

    /// Free text that the file carries (`__metadata__`).
    public var metadata: [String: String] { header.metadata }

    /// Whether there is a tensor of that name.
    public func contains(_ name: String) -> Bool {
        header.tensors[ExactName(name)] != nil
    }

    /// This file, and what its header says of a tensor.
    /// - Throws: ``TensorError/missingTensor(path:tensor:)``.
    public func locate(_ name: String) throws -> (file: SafetensorsFile, info: TensorInfo) {
        guard let info = header.tensors[ExactName(name)] else {
            throw TensorError.missingTensor(path: url.path, tensor: name)
        }
        return (self, info)
    }

    /// Tells other processes, as long as this object lives, that the file is in use.
    public func hold() { file.hold() }

    /// Tells the system that the pages read so far are not needed at the moment.
    public func releasePages() {
        file.releasePages()
    }

    /// Copies bytes of a tensor, starting at an offset within it, without leaving pages resident.
    /// - Precondition: they are inside the tensor.
    /// - Throws: ``FileError/notReadable(path:reason:)``.
    public func read(
        _ info: TensorInfo, from offset: Int, into target: UnsafeMutableRawBufferPointer
    ) throws {
        precondition(offset >= 0 && offset + target.count <= info.byteRange.count)
        try file.read(into: target, at: info.byteRange.lowerBound + offset)
    }

    /// All bytes of the file.
    var bytes: UnsafeRawBufferPointer { file.bytes }
}
