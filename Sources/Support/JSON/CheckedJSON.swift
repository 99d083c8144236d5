import Foundation

extension JSONDecoder {
    /// Decodes UTF-8 that may come from anyone.
    ///
    /// ``JSONReader`` reads the text first, and its rules apply. Foundation's decoder alone takes
    /// one of the values of a name that appears twice, guesses UTF-16, and refuses more than 512
    /// levels with an error whose place it looks up one byte past the bracket; where the text ends
    /// there, that crashes the program.
    /// - Throws: `DecodingError`, and what the type's own decoding throws.
    public func decodeChecked<Value: Decodable>(
        _ type: Value.Type, from data: Data
    ) throws -> Value {
        do {
            try data.withUnsafeBytes { bytes in
                var reader = JSONReader(bytes)
                try reader.skipValue()
                try reader.end()
            }
        } catch let fault as JSONReader.Fault {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(
                    codingPath: [], debugDescription: "not valid JSON \(fault.description)"))
        }
        return try decode(type, from: data)
    }
}
