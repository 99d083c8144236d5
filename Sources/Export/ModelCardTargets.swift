import Foundation
import Metrics

/// What a card says that depends on what the model answers with.
extension Double {
    /// Three digits that count.
    fileprivate var formatted: String { String(format: "%.3g", self) }
}

extension ModelCard {
    static func kind(_ model: ModelConfiguration) -> String {
        switch model.targets {
        case .classes: "A classifier for"
        case .labels: "A classifier that gives any number of labels to"
        case .number: "A model that gives a number to"
        }
    }

    /// Classes; labels with their thresholds; the training rows' numbers.
    static func answers(_ model: ModelConfiguration) -> String {
        let names = model.labels.map { "`\(line($0.name))`" }
        switch model.targets {
        case .classes: return "- Classes: \(names.joined(separator: ", "))"
        case .labels:
            let thresholds = model.thresholds ?? []
            let list = zip(names, thresholds).map { "\($0) from \(number(Double($1)))" }
            return "- Labels, each from a probability on that was chosen on held-out rows: "
                + list.joined(separator: ", ")
        case .number(let scale):
            return "- Numbers of the training rows: mean \(number(scale.mean)), deviation "
                + number(scale.deviation)
        }
    }

    /// Which classes remain, or how wide an interval is, for a promised share of texts; empty where nothing is
    /// promised.
    static func promises(_ model: ModelConfiguration) -> String {
        guard let conformal = model.conformal, !conformal.usualThresholds.isEmpty else { return "" }
        let list = conformal.usualThresholds.map { share, score in
            switch model.targets {
            case .number: "\(score.formatted) for \(share.formatted)"
            default: "\(max(0, 1 - score).formatted) for \(share.formatted)"
            }
        }.joined(separator: ", ")
        let what =
            model.targets.kind == .number
            ? "- Intervals: a number lies farther from the predicted one than this in the share of texts "
                + "that follows, at most: "
            : "- Abstaining: a class remains where it has this probability, and the true one does not in "
                + "the share of texts that follows, at most: "
        return "\n" + what + list
            + " (from \(conformal.rows) held-out rows; `knas predict --abstain`)"
    }

    static func purpose(_ model: ModelConfiguration) -> String {
        switch model.targets {
        case .classes(let count): "Sorting texts like those of the task into its \(count) classes"
        case .labels(let count): "Giving texts like those of the task some of its \(count) labels"
        case .number: "Giving numbers to texts like those of the task"
        }
    }

    static func limit(_ model: ModelConfiguration) -> String {
        switch model.targets {
        case .classes:
            "Every input gets one of the classes, even one that belongs to none of them"
                + (model.familiarity == nil
                    ? "." : "; `knas predict` says of many such texts that they are outliers.")
        case .labels: "An input may get no label, or labels that do not go together."
        case .number: "Every input gets a number, which may lie beyond those of the training rows."
        }
    }

    /// The property of an answer in Swift.
    static func swiftAnswer(_ model: ModelConfiguration) -> String {
        switch model.targets {
        case .classes: "label"
        case .labels: "labels ?? []"
        case .number: "value ?? 0"
        }
    }

    /// Lines of Python that print the answer of an ONNX session.
    static func pythonAnswer(_ model: ModelConfiguration) -> [String] {
        let probabilities = [
            #"probabilities = session.run(["probabilities"], feeds)[0][0]"#,
            #"labels = json.loads(session.get_modelmeta().custom_metadata_map["labels"])"#,
        ]
        switch model.targets {
        case .classes:
            return probabilities + [
                """
                print(labels[probabilities.argmax()])
                """
            ]
        case .labels:
            return probabilities + [
                #"thresholds = json.loads(session.get_modelmeta().custom_metadata_map["thresholds"])"#,
                """
                print([l for l, p, t in zip(labels, probabilities, thresholds) if p >= t])
                """,
            ]
        case .number:
            return [
                """
                print(session.run(["value"], feeds)[0][0, 0])
                """
            ]
        }
    }
}
