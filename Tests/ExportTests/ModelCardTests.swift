import Export
import Foundation
import Tasks
import Testing
import Yams

@Suite("Model cards")
struct ModelCardTests {
    private func content(_ task: String = "toy", pairs: Bool = true) -> ModelCardContent {
        var content = ModelCardContent(
            ModelConfiguration(
                task: task, encoder: .init(name: "multilingual-e5-small", digest: "0123abcd"),
                layers: [12], pairing: .siamese, hasPairs: pairs, maximumLength: 96,
                genotype: "projection > pool-mean > pair > classifier",
                labels: ["same", "other"].map { TaskLabel(value: $0) }, positiveLabel: nil,
                width: 384))
        content.weightCount = 1234
        content.rows = ["train": 80, "dev": 20, "test": 40]
        content.metrics = [.init("accuracy", 0.91249), .init("f1", 0.5)]
        (content.version, content.seed) = ("0.1.0", 7)
        content.origin = "the best of 3 trainings on dev"
        content.taskDescription = "Do two sentences say the same?"
        content.source = "Made up for a test."
        content.baselines = ["linear": [.init("accuracy", 0.9)]]
        return content
    }

    /// The front matter as a YAML reader sees it, and the rest.
    private func parts(_ text: String) throws -> (yaml: [String: Any], body: String) {
        #expect(text.hasPrefix("---\n"))
        let rest = text.dropFirst(4)
        let end = try #require(rest.range(of: "\n---\n"))
        let yaml = try Yams.load(yaml: String(rest[..<end.lowerBound]))
        return (try #require(yaml as? [String: Any]), String(rest[end.upperBound...]))
    }

    @Test("the front matter is YAML that says task, encoder and measures")
    func frontMatter() throws {
        let (yaml, _) = try parts(ModelCard.text(content()))
        #expect(yaml["pipeline_tag"] as? String == "text-classification")
        #expect(yaml["base_model"] as? String == "multilingual-e5-small")
        let models = try #require(yaml["model-index"] as? [[String: Any]])
        let results = try #require(models.first?["results"] as? [[String: Any]])
        let metrics = try #require(results.first?["metrics"] as? [[String: Any]])
        #expect(metrics.map { $0["type"] as? String } == ["accuracy", "f1"])
        #expect(metrics.map { $0["value"] as? Double } == [0.912, 0.5])
    }

    @Test("names with quotes, line breaks and YAML's own signs stay what they are")
    func hostileNames() throws {
        let name = "a: \"b\" #\n---\n- c\\d\u{85}\u{2028}\u{7}"
        let (yaml, body) = try parts(ModelCard.text(content(name)))
        let models = try #require(yaml["model-index"] as? [[String: Any]])
        #expect(models.first?["name"] as? String == name)
        #expect(!body.components(separatedBy: "\n").contains("---"))
    }

    @Test("the text says what it is, data, results with controls, use, limits")
    func body() throws {
        let (_, body) = try parts(ModelCard.text(content()))
        let headings = body.components(separatedBy: "\n").filter { $0.hasPrefix("#") }
        #expect(
            headings == [
                "# toy", "## Training data", "## Results", "## Use", "## Intended use",
                "## Limits",
            ])
        for part in [
            "Do two sentences say the same?", "train 80, dev 20, test 40 rows",
            "| on test | accuracy | f1 of the positive class |",
            "| this model (the best of 3 trainings on dev) | 0.912 | 0.500 |",
            "| control: linear | 0.900 | - |", "knas predict .",
            "add(\"\", \"tokenizer.json\", \"first text\")",
            "add(\"pair_\", \"tokenizer.json\", \"second text\")",
            "each encoded separately", "layer 12", "0123abcd",
        ] {
            #expect(body.contains(part), "\(part)")
        }
        #expect(ModelCard.text(content()) == ModelCard.text(content()))
    }

    @Test("a model with trained encoder layers says which, and not that the encoder is as it was")
    func fineTuned() throws {
        var content = content()
        #expect(try parts(ModelCard.text(content)).body.contains("on the frozen encoder"))
        #expect(try parts(ModelCard.text(content)).body.contains("weights were not changed"))
        content.model.views[0].fineTuning = .init(
            firstLayer: 3, lastLayer: 12, headLayers: [12], weightPrefix: "")
        let (_, body) = try parts(ModelCard.text(content))
        #expect(body.contains("(layer 12), whose layers 3 to 12 were trained with it."))
        #expect(!body.contains("on the frozen encoder `") && !body.contains("not changed"))
    }

    @Test("single texts have no second input, and an unmeasured model says so")
    func plain() throws {
        var content = content(pairs: false)
        content.metrics = [.init("accuracy", .nan)]
        content.model.members[0].layers = [3, 12]
        var (yaml, body) = try parts(ModelCard.text(content))
        #expect(yaml["model-index"] == nil)
        #expect(!body.contains("pair_") && body.contains("layers 3, 12"))
        #expect(body.contains("| this model (the best of 3 trainings on dev) | - |"))
        content.metrics = []
        (yaml, body) = try parts(ModelCard.text(content))
        #expect(body.contains("has not been evaluated"))
    }

    @Test("a portfolio's heads are listed with weight, encoder and layers, the weightiest first")
    func portfolio() throws {
        var content = content()
        content.model.temperature = 1.3
        content.costFactor = 2.0451
        content.model.views[0].layers = [7, 12]
        content.model.views.append(
            .init(
                encoder: .init(name: "other|encoder", digest: "4567"), pairing: .joint,
                layers: [3], maximumLength: 128, width: 24))
        content.model.members[0].weight = 0.25
        content.model.members.append(
            .init(
                genotype: "projection > pool-max > classifier", view: 1, layers: [3],
                weight: 0.75, replicas: 5))
        let (yaml, body) = try parts(ModelCard.text(content))
        #expect(yaml["base_model"] as? [String] == ["multilingual-e5-small", "other|encoder"])
        let lines = body.components(separatedBy: "\n")
        let first = try #require(
            lines.firstIndex(of: "| weight | head | trainings | encoder | pairs | layers |"))
        #expect(
            lines[(first + 1)...(first + 3)] == [
                "|---|---|---|---|---|---|",
                "| 0.750 | `projection > pool-max > classifier` | 5 | `other\\|encoder` | joint | 3 |",
                "| 0.250 | `projection > pool-mean > pair > classifier` | 1 "
                    + "| `multilingual-e5-small` | siamese | 12 |",
            ])
        for part in [
            "2 small heads, chosen by knas", "mixed by their weights",
            "each encoded separately and encoded as one sequence",
            "- Longest input: 96, 128 tokens",
            "Encoder digests: `0123abcd`, `4567`", "- Temperature: 1.300",
            "- Cost: 2.045 times that of the cheapest view's encoder alone",
            "| this model (2 heads together) | 0.912 | 0.500 |",
            "add(\"pair_\", \"tokenizer.json\", \"second text\")",
            "add(\"view2_\", \"view2_tokenizer.json\", \"first text\", \"second text\")",
        ] {
            #expect(body.contains(part), "\(part)")
        }
        #expect(!body.contains("view2_pair_"))
    }
}
