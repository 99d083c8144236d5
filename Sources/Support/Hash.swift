import COpenSSL
import Foundation

/// A hash over bytes as they come, by the system's libcrypto: a package of its own that computes one takes
/// longer to compile than all of this one.
struct Hash {
    enum Algorithm {
        case sha256
        /// Only where a format asks for it: it tells accidents apart, not forgeries.
        case sha1
    }

    private var context: Context

    init(_ algorithm: Algorithm) { context = Context(algorithm) }

    /// Adds bytes.
    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        if !isKnownUniquelyReferenced(&context) { context = Context(copying: context) }
        let succeeded = EVP_DigestUpdate(context.pointer, bytes.baseAddress, bytes.count) == 1
        precondition(succeeded, "libcrypto cannot hash")
    }

    /// Adds bytes.
    mutating func add(_ data: Data) {
        data.withUnsafeBytes { add($0) }
    }

    /// The hash of all bytes so far.
    var bytes: [UInt8] {
        // A context that has given its result takes no more bytes.
        let last = Context(copying: context)
        var count: UInt32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { buffer, length in
            let succeeded = EVP_DigestFinal_ex(last.pointer, buffer.baseAddress, &count) == 1
            precondition(succeeded, "libcrypto cannot hash")
            length = Int(count)
        }
        return bytes
    }

    /// The hash of all bytes so far, in lower-case hexadecimal.
    var hexadecimal: String {
        bytes.map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0" + text : text
        }.joined()
    }

    /// The state, which `add` changes only where nobody else sees it.
    private final class Context: @unchecked Sendable {
        let pointer: OpaquePointer

        init(_ algorithm: Algorithm) {
            pointer = Self.allocate()
            let type = algorithm == .sha256 ? EVP_sha256() : EVP_sha1()
            let succeeded = EVP_DigestInit_ex(pointer, type, nil) == 1
            precondition(succeeded, "libcrypto has no \(algorithm)")
        }

        init(copying other: Context) {
            pointer = Self.allocate()
            precondition(EVP_MD_CTX_copy_ex(pointer, other.pointer) == 1, "libcrypto cannot copy")
        }

        deinit { EVP_MD_CTX_free(pointer) }

        private static func allocate() -> OpaquePointer {
            guard let pointer = EVP_MD_CTX_new() else { preconditionFailure("out of memory") }
            return pointer
        }
    }
}
