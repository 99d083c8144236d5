import Foundation
import Testing

@testable import Serving

/// The OpenAPI document, and whether answers are as it says: the part of JSON Schema that it uses.
struct OpenAPI: @unchecked Sendable {
    static let document = OpenAPI()
    private let root: [String: Any]

    private init() {
        root =
            (try? JSONSerialization.jsonObject(with: Data(OpenAPIDocument.bytes)))
            as? [String: Any] ?? [:]
    }

    struct Operation: Hashable, Comparable {
        let path: String
        let method: String
        let status: Int

        static func < (one: Operation, other: Operation) -> Bool {
            (one.path, one.method, one.status) < (other.path, other.method, other.status)
        }
    }

    /// Every route, method and status.
    var operations: [Operation] {
        paths.flatMap { path, methods in
            methods.flatMap { method, operation in
                ((operation as? [String: Any])?["responses"] as? [String: Any] ?? [:]).keys
                    .compactMap { Int($0) }
                    .map { Operation(path: path, method: method.uppercased(), status: $0) }
            }
        }
    }

    private var paths: [String: [String: Any]] { root["paths"] as? [String: [String: Any]] ?? [:] }

    /// A schema by name.
    func schema(_ name: String) -> [String: Any] {
        resolved(["$ref": "#/components/schemas/\(name)"])
    }

    private func resolved(_ value: [String: Any]) -> [String: Any] {
        guard let reference = value["$ref"] as? String else { return value }
        return reference.dropFirst(2).split(separator: "/").reduce(root) { part, key in
            part[String(key)] as? [String: Any] ?? [:]
        }
    }

    /// Records an issue where an answer is not what the document says of its route.
    func check(_ reply: Reply, to method: String, _ path: String) throws {
        guard let template = Route(path: path)?.template else {
            #expect(reply.status == 404)
            return check(reply.json, schema("Error"), "error")
        }
        let methods = try #require(paths[template], "\(template) is not in the document")
        // Another method is answered with the error of whatever method there is.
        let operation = methods[method.lowercased()] ?? methods.first?.value
        let responses = (operation as? [String: Any])?["responses"] as? [String: [String: Any]]
        let response = resolved(
            try #require(
                responses?["\(reply.status)"],
                "\(method) \(path): \(reply.status) is not documented"
            ))
        let content = response["content"] as? [String: [String: Any]] ?? [:]
        let type = reply.headers["content-type"]?.components(separatedBy: ";")[0] ?? ""
        let media = try #require(content[type], "\(method) \(path): \(type) is not documented")
        guard type == "application/json" else { return }
        check(reply.json, resolved(media["schema"] as? [String: Any] ?? [:]), template)
    }

    /// Records an issue where a value does not match a schema.
    func check(_ value: Any?, _ schema: [String: Any], _ place: String) {
        for fault in faults(value, schema, place) { Issue.record(Comment(rawValue: fault)) }
    }

    /// What is wrong with a value.
    func faults(_ value: Any?, _ unresolved: [String: Any], _ place: String) -> [String] {
        let schema = resolved(unresolved)
        guard let value else { return ["\(place): no JSON"] }
        var faults: [String] = []
        let types = schema["type"] as? [String] ?? (schema["type"] as? String).map { [$0] } ?? []
        if !types.isEmpty, !types.contains(where: { Self.matches(value, $0) }) {
            return ["\(place): expected \(types), found \(value)"]
        }
        if let allowed = schema["enum"] as? [String], !allowed.contains(value as? String ?? "") {
            faults.append("\(place): \(value) is none of \(allowed)")
        }
        if let one = schema["oneOf"] as? [[String: Any]] {
            let matching = one.count { self.faults(value, $0, place).isEmpty }
            if matching != 1 { faults.append("\(place): matches \(matching) of oneOf") }
        }
        if let number = value as? Double {
            if let minimum = schema["minimum"] as? Double, number < minimum {
                faults.append("\(place): \(number) is below \(minimum)")
            }
            if let bound = schema["exclusiveMinimum"] as? Double, number <= bound {
                faults.append("\(place): \(number) is not above \(bound)")
            }
            if let bound = schema["exclusiveMaximum"] as? Double, number >= bound {
                faults.append("\(place): \(number) is not below \(bound)")
            }
            if let maximum = schema["maximum"] as? Double, number > maximum {
                faults.append("\(place): \(number) is above \(maximum)")
            }
        }
        if let items = schema["items"] as? [String: Any], let values = value as? [Any] {
            faults += values.enumerated().flatMap { self.faults($1, items, "\(place)[\($0)]") }
        }
        guard let object = value as? [String: Any] else { return faults }
        for name in schema["required"] as? [String] ?? [] where object[name] == nil {
            faults.append("\(place): \(name) is missing")
        }
        let properties = schema["properties"] as? [String: [String: Any]] ?? [:]
        for (name, member) in object {
            if let own = properties[name] {
                faults += self.faults(member, own, "\(place).\(name)")
            } else if let others = schema["additionalProperties"] as? [String: Any] {
                faults += self.faults(member, others, "\(place).\(name)")
            } else if schema["additionalProperties"] as? Bool == false {
                faults.append("\(place): \(name) is not documented")
            }
        }
        return faults
    }

    private static func matches(_ value: Any, _ type: String) -> Bool {
        switch type {
        case "object": value is [String: Any]
        case "array": value is [Any]
        case "string": value is String
        case "null": value is NSNull
        case "boolean": (value as? NSNumber).map { CFBooleanLike.isBoolean($0) } ?? false
        case "integer": (value as? Double).map { $0 == $0.rounded() } ?? false
        case "number": value is Double
        default: false
        }
    }
}

/// Numbers and truth values are the same class in Foundation's JSON.
enum CFBooleanLike {
    static func isBoolean(_ number: NSNumber) -> Bool {
        String(cString: number.objCType) == "c" || String(cString: number.objCType) == "B"
    }
}
