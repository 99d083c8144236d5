import Foundation
import Testing

/// A JSON Schema of `docs`, as far as tests look into it.
struct ResultSchema {
    typealias Object = [String: Any]

    static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("docs")
    static let resultURL = directory.appendingPathComponent("result.schema.json")
    static let leaderboardURL = directory.appendingPathComponent("leaderboard.schema.json")

    let root: Object

    init(_ url: URL = Self.resultURL) throws {
        let value = try JSONSerialization.jsonObject(with: Data(contentsOf: url))
        root = try #require(value as? Object)
    }

    /// The schema of a name in `$defs`; the whole one for no name.
    func definition(_ name: String?) throws -> Object {
        guard let name else { return root }
        let definitions = try #require(root["$defs"] as? Object)
        return try #require(definitions[name] as? Object, "no definition \(name)")
    }

    /// The values of an enumeration in `$defs`.
    func values(_ name: String) throws -> [String] {
        try #require(definition(name)["enum"] as? [String])
    }

    /// What a `$ref` leads to.
    func target(_ schema: Object) throws -> Object? {
        guard let reference = schema["$ref"] as? String else { return nil }
        let prefix = "#/$defs/"
        #expect(reference.hasPrefix(prefix))
        return try definition(String(reference.dropFirst(prefix.count)))
    }

    /// Gaps in the schema: properties without a description, objects that accept any key, required keys
    /// that are not properties.
    func faults() throws -> [String] {
        var faults: [String] = []
        try look(root, "$", &faults)
        return faults
    }

    private func look(_ schema: Any, _ place: String, _ faults: inout [String]) throws {
        if let list = schema as? [Any] {
            for (index, item) in list.enumerated() { try look(item, "\(place)[\(index)]", &faults) }
        }
        guard let object = schema as? Object else { return }
        _ = try target(object)
        let properties = object["properties"] as? Object
        let required = object["required"] as? [String] ?? []
        if object["type"] as? String == "object", object["allOf"] == nil || place == "$" {
            if object["additionalProperties"] == nil { faults.append("\(place) accepts any key") }
            for name in required where properties?[name] == nil {
                faults.append("\(place) requires \(name), which it does not describe")
            }
            for (name, value) in properties ?? [:] {
                let property = value as? Object ?? [:]
                let described = try property["description"] ?? target(property)?["description"]
                guard described as? String == nil else { continue }
                faults.append("\(place).\(name) is not described")
            }
        }
        for (key, value) in object { try look(value, "\(place).\(key)", &faults) }
    }
}
