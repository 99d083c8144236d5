/// What identifies a piece of work: the choices of its configuration by name, read by reflection,
/// so a new choice counts automatically.
public enum Choices {
    /// The fields of a structure by their paths, e.g. `"training.epochs": "8"`.
    ///
    /// Structures that describe themselves (`CustomStringConvertible`) are one choice, others are
    /// broken down; a missing optional is `none`, and of a list of names each is shown.
    ///
    /// - Parameter omitted: paths that do not count, with everything below them.
    public static func list(of value: Any, omitting omitted: Set<String> = []) -> [String: String] {
        var result: [String: String] = [:]
        collect(value, "", omitted, &result)
        return result
    }

    /// The same as a text: equal choices give equal texts.
    public static func text(of value: Any, omitting omitted: Set<String> = []) -> String {
        list(of: value, omitting: omitted).sorted { $0.key < $1.key }
            .map { "\($0.key): \($0.value)" }.joined(separator: "\n")
    }

    private static func collect(
        _ value: Any, _ name: String, _ omitted: Set<String>, _ result: inout [String: String]
    ) {
        if omitted.contains(name) { return }
        let mirror = Mirror(reflecting: value)
        if mirror.displayStyle == .optional {
            if let inside = mirror.children.first {
                collect(inside.value, name, omitted, &result)
            } else {
                result[name] = "none"
            }
            return
        }
        if let names = value as? [String] {
            result[name] = names.joined(separator: ", ")
            return
        }
        guard mirror.displayStyle == .struct, !(value is any CustomStringConvertible) else {
            result[name] = String(describing: value)
            return
        }
        for child in mirror.children {
            guard let label = child.label else { continue }
            collect(child.value, name.isEmpty ? label : "\(name).\(label)", omitted, &result)
        }
    }
}
