import CSentencePiece
import Foundation
import Support

/// A loaded SentencePiece model. Encoding is safe from several threads.
public final class SentencePieceModel: @unchecked Sendable {
    /// What encodes texts. Both give the same ids.
    private enum Engine {
        /// Loads in a fifteenth of the time.
        case own(SentencePieceUnigram)
        case library(OpaquePointer)
    }

    private let engine: Engine
    /// Number of pieces.
    public let size: Int
    /// The id for what the vocabulary cannot spell.
    public let unknownID: Int32
    /// SHA-256 of the model's bytes.
    public let digest: String
    /// The model's bytes.
    let data: Data

    /// Loads a model from bytes that are checked before anything else sees them.
    /// - Parameter usesLibrary: whether SentencePiece's own library encodes whatever the model is like, as it does
    ///   where ``SentencePieceUnigram`` does not know all that a model has.
    /// - Throws: ``TokenizationError/badModel(path:reason:)``.
    public init(_ data: Data, path: String, usesLibrary: Bool = false) throws {
        if let fault = data.withUnsafeBytes({ ModelValidation.fault($0) }) {
            throw TokenizationError.badModel(path: path, reason: fault)
        }
        self.data = data
        var builder = DigestBuilder()
        builder.add(data)
        digest = builder.hexadecimal()
        if !usesLibrary, let own = data.withUnsafeBytes({ SentencePieceUnigram($0) }) {
            engine = .own(own)
            size = own.count
            unknownID = own.unknownID
            return
        }
        var error: UnsafeMutablePointer<CChar>?
        let loaded = data.withUnsafeBytes { knas_sp_load($0.baseAddress, $0.count, &error) }
        defer { knas_sp_free(error) }
        guard let loaded else {
            throw TokenizationError.badModel(
                path: path, reason: error.map { String(cString: $0) } ?? "it cannot be loaded")
        }
        engine = .library(loaded)
        size = Int(knas_sp_size(loaded))
        unknownID = knas_sp_unknown(loaded)
    }

    /// Reads a model file.
    /// - Throws: ``FileError``, ``TokenizationError``.
    public convenience init(contentsOf url: URL) throws {
        let file = try MappedFile(url)
        guard file.count <= 256 << 20 else {
            throw TokenizationError.badModel(path: url.path, reason: "larger than 256 MiB")
        }
        try self.init(Data(file.bytes), path: url.path)
    }

    deinit {
        if case .library(let handle) = engine { knas_sp_release(handle) }
    }

    /// The ids of a text, without special tokens.
    public func encode(_ text: String) -> [Int32] {
        var text = text
        return text.withUTF8 { bytes in
            let handle: OpaquePointer
            switch engine {
            case .own(let unigram):
                return data.withUnsafeBytes { unigram.encode(UnsafeRawBufferPointer(bytes), $0) }
            case .library(let library): handle = library
            }
            var ids: UnsafeMutablePointer<Int32>?
            var count = 0
            var error: UnsafeMutablePointer<CChar>?
            let status = bytes.withMemoryRebound(to: CChar.self) {
                knas_sp_encode(handle, $0.baseAddress, $0.count, &ids, &count, &error)
            }
            defer {
                knas_sp_free(ids)
                knas_sp_free(error)
            }
            // Encoding fails for lack of memory only; the unknown id is then as good as any.
            guard status == 0 else { return [unknownID] }
            return Array(UnsafeBufferPointer(start: ids, count: count))
        }
    }

    /// The piece of an id, or `nil`.
    public func piece(_ id: Int32) -> String? {
        guard id >= 0, Int(id) < size else { return nil }
        switch engine {
        case .own(let unigram): return data.withUnsafeBytes { unigram.piece(id, $0) }
        case .library(let handle):
            var length = 0
            guard let start = knas_sp_piece(handle, id, &length) else { return nil }
            return String(
                decoding: UnsafeRawBufferPointer(start: start, count: length), as: UTF8.self)
        }
    }

    /// The id of a piece, or `nil`.
    public func id(_ piece: String) -> Int32? {
        switch engine {
        case .own(let unigram): return data.withUnsafeBytes { unigram.id(piece, $0) }
        case .library(let handle):
            var text = piece
            let id = text.withUTF8 { bytes in
                bytes.withMemoryRebound(to: CChar.self) {
                    knas_sp_id(handle, $0.baseAddress, $0.count)
                }
            }
            return self.piece(id) == piece ? id : nil
        }
    }
}
