import Features
import Foundation
import KNAS
import Metrics
import Results
import Selection
import Support
import Tasks
import TestSupport
import Testing
import Training

@Suite("The documented schemas of results", .serialized)
struct SchemaTests {
    /// A Python with jsonschema, if there is one.
    static let python = ProcessInfo.processInfo.environment["KNAS_PYTHON"]

    // MARK: Against the types

    @Test("every key is described, and no object accepts other keys")
    func careful() throws {
        #expect(try ResultSchema().faults() == [])
        #expect(try ResultSchema(ResultSchema.leaderboardURL).faults() == [])
    }

    @Test("every role, metric, epoch choice and pairing is in the schema, and the format")
    func enumerations() throws {
        let schema = try ResultSchema()
        #expect(try schema.values("role") == Role.allCases.map(\.rawValue))
        #expect(try schema.values("metric") == Metric.allCases.map(\.rawValue))
        #expect(try schema.values("pairing").sorted() == Pairing.allCases.map(\.rawValue).sorted())
        let training = try schema.definition("trainingConfiguration")
        let choice = (training["properties"] as? [String: Any])?["epochChoice"] as? [String: Any]
        #expect(choice?["enum"] as? [String] == EpochChoice.allCases.map(\.rawValue))
        let format = (schema.root["properties"] as? [String: Any])?["format"] as? [String: Any]
        #expect(format?["const"] as? Int == RunResult.format)
        let role = try #require(schema.definition("role")["description"] as? String)
        for name in try schema.values("role") { #expect(role.contains(" \(name): ")) }
    }

    /// What is not written, as it follows from the rest.
    private static let derived = ["classificationMetrics": ["loss"]]
    /// What is not there where it means nothing for the targets of a task.
    private static let ofSomeTargets = [
        "classificationMetrics": [
            "accuracy", "balancedAccuracy", "brier", "calibrationError", "crossEntropy", "macroF1",
            "mcc",
        ],
        "epochRecord": ["devAccuracy"],
    ]

    @Test("every stored property is in the schema, and required unless it is optional")
    func types() throws {
        let schema = try ResultSchema()
        let result = try FinishedRuns.get(pairs: true).result
        let exported = result.exported
        let control = try #require(result.controls.values.first)
        let compared = try #require(control.exportedMinusThis)
        let entry = try #require(result.entries(.contestant).first)
        let values: [(String?, Any)] = [
            (nil, result), ("encoderUse", result.encoders[0]), ("searchSummary", result.search),
            ("layerFinding", try #require(result.layers.first)), ("model", exported),
            ("member", exported.members[0]),
            ("memberStep", try #require(exported.memberCurve.first)),
            ("classificationMetrics", exported.test),
            ("epochRecord", entry.history[0]), ("pairedComparison", compared),
            ("confidenceInterval", compared.interval), ("entry", entry),
            ("paretoPoint", result.pareto[0]), ("cost", result.cost),
            ("trainingConfiguration", TrainingConfiguration()),
            ("fineTuneConfiguration", FineTuneConfiguration()),
            ("criterion", SelectionCriterion.accuracy),
        ]
        for (name, value) in values {
            let definition = try schema.definition(name)
            let children = Mirror(reflecting: value).children
            let stored = children.compactMap(\.label)
            let needed = children.filter { Mirror(reflecting: $0.value).displayStyle != .optional }
                .compactMap(\.label)
            let properties = try #require(definition["properties"] as? [String: Any])
            let derived = Self.derived[name ?? ""] ?? []
            #expect(
                properties.keys.sorted() == stored.filter { !derived.contains($0) }.sorted(),
                "\(name ?? "the result")")
            let required = try #require(definition["required"] as? [String])
            let ofSomeTargets = Self.ofSomeTargets[name ?? ""] ?? []
            #expect(
                required.sorted()
                    == needed.filter { !(derived + ofSomeTargets).contains($0) }.sorted(),
                "\(name ?? "the result")")
        }
    }

    @Test("every recipe is in the schema, with its keys")
    func recipes() throws {
        let schema = try ResultSchema()
        let recipes: [(String, Recipe)] = [
            ("adamWRecipe", .adamW(TrainingConfiguration())), ("exactRecipe", .exact(strength: 1)),
            ("fineTunedRecipe", .fineTuned(FineTuneConfiguration())),
        ]
        let recipe = try schema.definition("recipe")
        let kind = (recipe["properties"] as? [String: Any])?["kind"] as? [String: Any]
        var kinds: [String] = []
        for (place, (name, recipe)) in recipes.enumerated() {
            let data = try JSONEncoder().encode(recipe)
            let object = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
            let definition = try schema.definition(name)
            let properties = try #require(definition["properties"] as? [String: [String: Any]])
            #expect(properties.keys.sorted() == object.keys.sorted())
            #expect((definition["required"] as? [String])?.sorted() == object.keys.sorted())
            kinds.append(try #require(object["kind"] as? String))
            #expect(properties["kind"]?["const"] as? String == kinds[place])
        }
        #expect(kind?["enum"] as? [String] == kinds)
        #expect((recipe["allOf"] as? [Any])?.count == kinds.count)
    }

    // MARK: Against files

    /// What jsonschema says of files, line by line.
    private func check(_ schema: URL, _ files: [URL], refusing: Bool = false) throws -> [String] {
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("check_schema.py")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(Self.python))
        process.arguments =
            [script.path] + (refusing ? ["--refuse"] : []) + [schema.path] + files.map(\.path)
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let text = String(decoding: output, as: UTF8.self)
        #expect(process.terminationStatus == 0, "\(text)")
        return text.split(separator: "\n").map(String.init)
    }

    private func expectValid(_ run: URL) throws {
        let result = try check(
            ResultSchema.resultURL, [run.appendingPathComponent("result.json")])
        #expect(result == ["result.json\tok"])
        let leaderboard = try check(
            ResultSchema.leaderboardURL, [run.appendingPathComponent("leaderboard.csv")])
        #expect(leaderboard == ["leaderboard.csv\tok"])
    }

    @Test("runs on pairs and on single texts give valid files", .enabled(if: python != nil))
    func plainRuns() throws {
        for pairs in [true, false] {
            try expectValid(FinishedRuns.get(pairs: pairs).configuration.run)
        }
    }

    /// A run that differs from the plain ones.
    enum Variant: CaseIterable {
        case single, ensemble, fullControls, givenHead, fineTuned, fineTunedHead, positiveClass

        func change(_ configuration: inout RunConfiguration) throws {
            configuration.search.candidates = 8
            configuration.selection.tuning = 1
            switch self {
            case .single: configuration.selection.exportsSingle = true
            case .ensemble:
                configuration.selection.exportsSingle = true
                configuration.selection.averagesSeeds = true
            case .fullControls: configuration.selection.controls = .full
            case .givenHead, .fineTunedHead:
                configuration.head = "projection(width=64) > pool-mean > pair > classifier"
                configuration.search.candidates = 1
                configuration.selection.keep = 1
            case .fineTuned: break
            case .positiveClass:
                let text = try String(contentsOf: configuration.input.task, encoding: .utf8)
                try (text + "\nmetrics: [f1, mcc, macro-f1]\npositive: same\n").write(
                    to: configuration.input.task, atomically: true, encoding: .utf8)
            }
            if self == .fineTuned || self == .fineTunedHead {
                configuration.fineTuning = FineTuneOptions(.top(1))
                configuration.fineTuning?.training.epochs = 1
                configuration.fineTuning?.training.microBatchTokens = 64
            }
        }
    }

    @Test(
        "runs of every kind give valid files", .enabled(if: python != nil),
        arguments: Variant.allCases)
    func otherRuns(_ variant: Variant) throws {
        let workspace = try Workspace()
        defer { workspace.remove() }
        var configuration = workspace.configuration("run")
        try variant.change(&configuration)
        var result = try Pipeline(configuration).run()
        try expectValid(configuration.run)
        // As where the first training diverged.
        result.entries[0].dev = nil
        result.entries[0].heldOut = nil
        result.entries[0].history = []
        result.seed = .max
        let url = workspace.directory.appendingPathComponent("diverged.json")
        try JSONEncoder().encode(result).write(to: url)
        #expect(try check(ResultSchema.resultURL, [url]) == ["diverged.json\tok"])
    }

    /// Ways to spoil a result: where, the JSON that is put there (`nil` removes what is), and the place
    /// at which the schema finds the fault, where it is another.
    private static let changes: [(path: String, value: String?, place: String?)] = [
        ("surprise", "1", "$"), ("cost", nil, "$"), ("format", "1", nil), ("format", "\"2\"", nil),
        ("seed", "-1", nil), ("seed", "0.5", nil), ("metrics", "[\"f2\"]", "$.metrics[0]"),
        ("metrics", "[]", nil), ("labels", "[\"a\", \"a\"]", nil), ("rows.holdout", "3", "$.rows"),
        ("encoders.0.digest", "\"abc\"", nil), ("encoders.0.pairing", "\"both\"", nil),
        ("search.failed", "-1", nil), ("exported.test.accuracy", "1.5", nil),
        ("exported.test.mcc", "-1.5", nil), ("exported.test.mcc", nil, "$.exported.test"),
        ("exported.test.count", "0", nil), ("exported.test.auc", "0.5", "$.exported.test"),
        ("single.test.crossEntropy", "\"0.5\"", nil), ("exported.heldOut", "null", nil),
        ("exported.role", "\"winner\"", nil), ("exported.members", "[]", nil),
        ("exported.members.0.weight", "1.5", nil), ("exported.members.0.seeds", "0", nil),
        ("exported.members.0.role", "\"finalist\"", nil), ("exported.trainedLayers", "[1]", nil),
        ("exported.temperature", "0", nil), ("exported.costFactor", "0.5", nil),
        ("exported.disagreement", "-0.5", nil), ("exported.confusion.0.0", "0.5", nil),
        ("layers.0.isKept", "1", nil), ("layers.0.layer", "-1", nil),
        ("controls.baseline", "{}", "$.controls"),
        ("controls.linear.exportedMinusThis", nil, "$.controls.linear"),
        ("controls.linear.exportedMinusThis.pValue", "2", nil),
        ("controls.linear.exportedMinusThis.metric", "\"recall\"", nil),
        ("controls.linear.members.0.recipe.kind", "\"lbfgs\"", nil),
        ("controls.linear.members.0.recipe.strength", "0", nil),
        (
            "controls.linear.members.0.recipe.training", "true",
            "$.controls.linear.members[0].recipe"
        ),
        ("entries.0.role", "\"loser\"", nil), ("entries.0.scores.alignment", "\"high\"", nil),
        ("entries.0.recipe.training.epochs", "0", nil),
        (
            "entries.0.recipe.training.criterion.positive", "1",
            "$.entries[0].recipe.training.criterion"
        ),
        (
            "entries.0.recipe.training.criterion.metric", "\"f1\"",
            "$.entries[0].recipe.training.criterion"
        ),
        ("entries.0.rounds", "-1", nil), ("pareto.0.heldOut.accuracy", "98.5", nil),
        ("cost.stages.search", "-1", nil),
    ]

    @Test("a changed result is refused where it was changed", .enabled(if: python != nil))
    func changed() throws {
        let run = try FinishedRuns.get(pairs: true)
        let whole = try JSONSerialization.jsonObject(with: run.bytes("result.json"))
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("knas-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        func write(_ value: Any, _ name: String) throws -> URL {
            let url = directory.appendingPathComponent(name)
            try JSONSerialization.data(withJSONObject: value).write(to: url)
            return url
        }
        // Reading and writing alone spoils nothing.
        let copy = try write(whole, "copy.json")
        #expect(try check(ResultSchema.resultURL, [copy]) == ["copy.json\tok"])

        let files = try Self.changes.enumerated().map { index, change in
            let value = try change.value.map {
                try JSONSerialization.jsonObject(with: Data($0.utf8), options: .fragmentsAllowed)
            }
            let path = change.path.split(separator: ".")[...]
            return try write(Self.put(value, at: path, in: whole), "\(index).json")
        }
        let lines = try check(ResultSchema.resultURL, files, refusing: true)
        try #require(lines.count == Self.changes.count)
        for (line, change) in zip(lines, Self.changes) {
            // The place as jsonschema writes it.
            let place = change.path.split(separator: ".").reduce("$") {
                $0 + (Int($1) == nil ? ".\($1)" : "[\($1)]")
            }
            let parts = line.split(separator: "\t")
            #expect(
                parts.count == 2 && parts[1].hasPrefix("\(change.place ?? place): "),
                "\(change.path): \(line)")
        }
    }

    @Test(
        "a changed leaderboard is refused, a failed candidate is not", .enabled(if: python != nil))
    func changedLeaderboard() throws {
        let run = try FinishedRuns.get(pairs: true)
        let text = try run.text("leaderboard.csv")
        let header = try #require(text.split(separator: "\n").first)
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("knas-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let changes = [
            text.replacingOccurrences(of: ",dev_accuracy", with: ",dev_acuracy"),
            text.replacingOccurrences(of: ",tried,", with: ",maybe,"),
            text.replacingOccurrences(of: ",tried,", with: ",contestant,"),
            text.replacingOccurrences(of: ",tried,", with: ",failed: it did not,"),
            header + "\n" + header + "\n",
        ]
        let files = try changes.enumerated().map { index, text in
            let url = directory.appendingPathComponent("\(index).csv")
            try text.write(to: url, atomically: true, encoding: .utf8)
            return url
        }
        #expect(try check(ResultSchema.leaderboardURL, files, refusing: true).count == 5)
        let columns = header.split(separator: ",").count
        let failed = ["41", "\"a, b\""] + Array(repeating: "", count: columns - 5)
        let row = failed + ["failed: not finite", "", ""]
        let url = directory.appendingPathComponent("failed.csv")
        try (text + row.joined(separator: ",") + "\n").write(
            to: url, atomically: true, encoding: .utf8)
        #expect(try check(ResultSchema.leaderboardURL, [url]) == ["failed.csv\tok"])
    }

    /// A JSON value with another one at a place of it.
    private static func put(
        _ value: Any?, at path: ArraySlice<Substring>, in whole: Any
    ) throws -> Any {
        guard let step = path.first else { return try #require(value) }
        let rest = path.dropFirst()
        if var list = whole as? [Any] {
            let index = try #require(Int(step))
            list[index] = try put(value, at: rest, in: list[index])
            return list
        }
        let key = String(step)
        var object = try #require(whole as? [String: Any])
        if rest.isEmpty {
            object[key] = value
        } else {
            object[key] = try put(value, at: rest, in: #require(object[key], "no \(key)"))
        }
        return object
    }
}
