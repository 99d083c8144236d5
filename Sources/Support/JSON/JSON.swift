/// A JSON value as a tree.
///
/// Foundation's objects are dictionaries of `String`, in which canonically equivalent keys are the
/// same; in a vocabulary "é" as one character and as two are different tokens.
public enum JSON: Sendable {
    case null
    case bool(Bool)
    /// A number written without fraction and exponent that an `Int` can hold.
    case integer(Int)
    /// Any other number; always finite.
    case number(Double)
    case string(String)
    case array([JSON])
    /// Members in the order of the text; no key appears twice.
    case object([(key: String, value: JSON)])

    /// Reads a whole text.
    public init(_ bytes: UnsafeRawBufferPointer) throws(JSONReader.Fault) {
        var reader = JSONReader(bytes)
        do {
            self = try reader.value()
            try reader.end()
        } catch let fault as JSONReader.Fault {
            throw fault
        } catch {
            preconditionFailure("a reader throws nothing but faults: \(error)")
        }
    }

    /// The value of a key in an object, or `nil`; `null` counts as absent.
    /// - Complexity: O(number of members).
    public subscript(_ key: String) -> JSON? {
        guard case .object(let members) = self,
            let value = members.first(where: { $0.key.utf8.elementsEqual(key.utf8) })?.value
        else { return nil }
        if case .null = value { return nil }
        return value
    }

    public var string: String? { if case .string(let value) = self { value } else { nil } }
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    public var array: [JSON]? { if case .array(let value) = self { value } else { nil } }

    /// A whole number, however it is written (`100`, `1e2`).
    public var integer: Int? {
        switch self {
        case .integer(let value): value
        case .number(let value): Int(exactly: value)
        default: nil
        }
    }

    public var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    /// The type, in words for a user.
    public var kind: String {
        switch self {
        case .null: "null"
        case .bool: "true or false"
        case .integer, .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}
