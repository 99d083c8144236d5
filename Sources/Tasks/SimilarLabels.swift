import Foundation

/// Finds labels that were probably meant to be one class.
enum SimilarLabels {
    /// Groups of labels that differ only by case, white space, characters that cannot be seen, or
    /// their Unicode normal form.
    /// - Parameter variants: for a value its other normal forms, which are one class with it.
    static func groups(
        _ labels: [TaskLabel], variants: [String: [String]]
    ) -> [DatasetReport.SimilarLabels] {
        var order: [String] = []
        var members: [String: [String]] = [:]
        for label in labels {
            let key = folded(label.value)
            if members[key] == nil { order.append(key) }
            members[key, default: []].append(label.value)
        }
        let apart = order.compactMap { key -> DatasetReport.SimilarLabels? in
            guard let values = members[key], values.count > 1 else { return nil }
            return DatasetReport.SimilarLabels(
                values: values, difference: difference(values), areOneClass: false)
        }
        let together = variants.sorted { $0.key < $1.key }.map { value, spellings in
            DatasetReport.SimilarLabels(
                values: [value]
                    + Set(spellings.map { Array($0.utf8) }).sorted {
                        $0.lexicographicallyPrecedes($1)
                    }.map { String(decoding: $0, as: UTF8.self) },
                difference: "Unicode normal form", areOneClass: true)
        }
        return apart + together
    }

    /// What is left of a label when case, normal form, white space and the invisible do not count.
    private static func folded(_ value: String) -> String {
        visible(value.precomposedStringWithCompatibilityMapping).lowercased()
            .precomposedStringWithCompatibilityMapping
    }

    private static func visible(_ value: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in value.unicodeScalars {
            let properties = scalar.properties
            let isSeen =
                !properties.isWhitespace && !properties.isDefaultIgnorableCodePoint
                && properties.generalCategory != .control && properties.generalCategory != .format
            if isSeen { result.append(scalar) }
        }
        return String(result)
    }

    /// The first explanation that fits all of them.
    private static func difference(_ values: [String]) -> String {
        func agree(_ fold: (String) -> String) -> Bool { Set(values.map(fold)).count == 1 }
        func spaceless(_ value: String) -> String {
            String(
                String.UnicodeScalarView(
                    value.unicodeScalars.filter { !$0.properties.isWhitespace }))
        }
        if agree({ $0.lowercased() }) { return "case" }
        if agree(spaceless) { return "white space" }
        if agree(visible) { return "characters that cannot be seen" }
        if agree(\.precomposedStringWithCompatibilityMapping) { return "Unicode normal form" }
        return "case, white space, or what cannot be seen"
    }
}
