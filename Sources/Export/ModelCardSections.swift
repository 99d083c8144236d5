import Foundation

extension ModelCard {
    /// What it was trained on.
    static func data(_ c: ModelCardContent) -> String {
        let splits = ["train", "dev", "test"] + c.rows.keys.sorted()
        var seen: Set<String> = []
        let rows = splits.filter { seen.insert($0).inserted }.compactMap { split in
            c.rows[split].map { "\(line(split)) \($0)" }
        }
        return """
            ## Training data

            The task `\(line(c.model.task))`\(rows.isEmpty ? "" : ": \(rows.joined(separator: ", ")) rows").\
            \(c.source.isEmpty ? "" : " Source: \(line(c.source))")

            \(training(c)) The head was chosen and its training stopped by \
            the dev rows; the test rows were read once, at the end.
            """
    }

    /// What became of the encoder's weights.
    private static func training(_ c: ModelCardContent) -> String {
        guard c.trainedLayers != nil else { return "The encoder's weights were not changed." }
        return c.model.members.count == 1
            ? "The head was trained on the frozen encoder first, then with the encoder's layers."
            : "One head was trained on the frozen encoder first, then with the encoder's layers; for the "
                + "others the encoder's weights were not changed."
    }

    /// A table of metrics, controls below.
    static func results(_ c: ModelCardContent) -> String {
        guard !c.metrics.isEmpty else {
            return "## Results\n\nThis model has not been evaluated."
        }
        let names = c.metrics.map(\.name)
        func row(_ title: String, _ metrics: [ModelCardContent.Metric]) -> String {
            let cells = names.map { name in
                metrics.first { $0.name == name }.map { number($0.value) } ?? "-"
            }
            return "| \(([line(title)] + cells).joined(separator: " | ")) |"
        }
        let (heads, trainings) = (c.model.members.count, c.model.headCount)
        let what =
            heads > 1
            ? "\(heads) heads together"
            : trainings > 1
                ? "\(trainings) trainings averaged"
                : c.origin ?? "one training"
        let positive = c.model.positiveLabel.map { c.model.labels[$0].name }
        let titles = names.map { name in
            name == "f1" ? "f1 of \(line(positive ?? "the positive class"))" : line(name)
        }
        let head = "| on test | \(titles.joined(separator: " | ")) |"
        let rule = "|\(String(repeating: "---|", count: names.count + 1))"
        let controls = c.baselines.sorted { $0.key < $1.key }.map {
            row("control: \($0)", $1)
        }
        return (["## Results", "", head, rule, row("this model (\(what))", c.metrics)] + controls)
            .joined(separator: "\n")
    }

    /// Three decimals; NaN is written as such.
    static func number(_ value: Double) -> String {
        guard value.isFinite else { return "-" }
        let thousandths = (value * 1000).rounded() / 1000
        return String(format: "%.3f", thousandths == 0 ? 0 : thousandths)
    }

    /// How to run it.
    static func use(_ c: ModelCardContent) -> String {
        let isPair = c.model.hasPairs
        let input = isPair ? "printf 'first text\\tsecond text\\n'" : "echo 'some text'"
        let call = isPair ? #"("first text", pair: "second text")"# : #"("some text")"#
        return """
            ## Use

            From the command line, in this directory:

            ```sh
            \(input) | knas predict .
            knas export . --format onnx --output model.onnx
            ```

            From Swift:

            ```swift
            let classifier = try TextClassifier(contentsOf: URL(fileURLWithPath: "."))
            print(try classifier.classify\(call).\(swiftAnswer(c.model)))
            ```

            From Python, after the export (`pip install onnxruntime numpy tokenizers`), which writes \
            `tokenizer.json` beside the ONNX file:

            ```python
            import json, numpy as np, onnxruntime
            from tokenizers import Tokenizer
            session = onnxruntime.InferenceSession("model.onnx")
            feeds, names = {}, {i.name for i in session.get_inputs()}

            def add(prefix, file, *texts):
                t = Tokenizer.from_file(file).encode(*texts)
                given = {"input_ids": t.ids, "attention_mask": t.attention_mask, "token_type_ids": t.type_ids}
                feeds.update({prefix + k: np.array([v]) for k, v in given.items() if prefix + k in names})

            \(feeds(c.model).joined(separator: "\n"))
            \(pythonAnswer(c.model).joined(separator: "\n"))
            ```
            """
    }

    /// The lines of Python that make the inputs of each view.
    private static func feeds(_ model: ModelConfiguration) -> [String] {
        let first = model.views.first
        return model.passes.map { $0.views[0] }.flatMap { view in
            let own = model.views[view]
            let isShared =
                own.encoder == first?.encoder && own.maximumLength == first?.maximumLength
            let file = view == 0 || isShared ? "tokenizer.json" : "view\(view + 1)_tokenizer.json"
            let texts =
                model.segments(ofView: view) == 2
                ? [#""first text""#, #""second text""#]
                : [model.hasPairs ? #""first text", "second text""# : #""some text""#]
            return texts.enumerated().map { segment, arguments in
                let prefix = ONNXModel.prefix(ofView: view, segment: segment)
                return "add(\"\(prefix)\", \"\(file)\", \(arguments))"
            }
        }
    }

    /// What it is for and what it is not for.
    static func limits(_ c: ModelCardContent) -> String {
        """
        ## Intended use

        \(purpose(c.model)), where a wrong answer \
        can be noticed and corrected.

        ## Limits

        - \(limit(c.model))
        - On texts unlike the training rows (another domain, language or length) the probabilities \
        mean little, and the results above do not hold.
        - The answers may repeat any prejudice in the encoder and the training rows; measure \
        it before decisions about people depend on them.
        """
    }
}

/// The YAML block between two lines of three dashes.
enum ModelCardFrontMatter {
    static func text(_ c: ModelCardContent) -> String {
        let encoders = Set(c.model.encoderPlaces).sorted().map {
            quoted(c.model.views[$0].encoder.name)
        }
        let base =
            encoders.count == 1 ? encoders[0] : "[\(encoders.joined(separator: ", "))]"
        var lines = [
            "---", "library_name: knas", "pipeline_tag: text-classification",
            "base_model: \(base)", "tags:", "- text-classification",
            "- neural-architecture-search", "- knas",
        ]
        let metrics = c.metrics.filter { $0.value.isFinite }
        if !metrics.isEmpty {
            lines += [
                "model-index:", "- name: \(quoted(c.model.task))", "  results:", "  - task:",
                "      type: text-classification", "    dataset:",
                "      name: \(quoted(c.model.task))", "      type: \(quoted(c.model.task))",
                "      split: test", "    metrics:",
            ]
            for metric in metrics {
                lines += [
                    "    - type: \(quoted(metric.name))",
                    "      value: \(ModelCard.number(metric.value))",
                ]
            }
        }
        return (lines + ["---"]).joined(separator: "\n")
    }

    /// A YAML scalar in double quotes, which may hold anything.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case _ where scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value):
                result += String(format: "\\x%02x", scalar.value)
            case "\u{2028}", "\u{2029}", "\u{feff}":
                result += String(format: "\\u%04x", scalar.value)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
