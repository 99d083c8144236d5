import Foundation

extension JSONDecoder {
    /// Deepest nesting of arrays and objects that ``decodeChecked(_:from:)`` accepts.
    public static let maximumNesting = 256

    /// Decodes UTF-8 that may come from anyone.
    ///
    /// Foundation's decoder refuses more than 512 levels by an error whose place it looks up one byte
    /// behind the bracket; where the text ends there, that stops the program. So nesting is checked
    /// first. Bytes of zero are refused, as UTF-16, which the decoder would guess, could hide brackets.
    /// - Throws: `DecodingError`, and what the type's own decoding throws.
    public func decodeChecked<Value: Decodable>(
        _ type: Value.Type, from data: Data
    ) throws -> Value {
        if let fault = data.withUnsafeBytes({ Self.fault(in: $0) }) {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(codingPath: [], debugDescription: fault))
        }
        return try decode(type, from: data)
    }

    /// Why bytes are not given to the decoder, or `nil`.
    private static func fault(in bytes: UnsafeRawBufferPointer) -> String? {
        var depth = 0
        var isString = false
        var isEscaped = false
        for byte in bytes {
            if byte == 0 { return "a byte is zero" }
            if isEscaped {
                isEscaped = false
            } else if isString {
                if byte == UInt8(ascii: "\\") { isEscaped = true }
                if byte == UInt8(ascii: "\"") { isString = false }
            } else {
                switch byte {
                case UInt8(ascii: "\""): isString = true
                case UInt8(ascii: "["), UInt8(ascii: "{"):
                    depth += 1
                    if depth > maximumNesting {
                        return "values are nested deeper than \(maximumNesting) levels"
                    }
                case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
                default: break
                }
            }
        }
        return nil
    }
}
