import Encoders
import Export
import Foundation
import Graphs
import Heads
import Metrics
import Support
import Tasks
import Tensors
import TestSupport
import Testing
import Training

@Suite("Model directories that are damaged or hostile")
struct HostileModelTests {
    private typealias Object = [String: Any]

    /// What loading says after a change of `config.json`.
    private func refusal(_ change: (inout [String: Any]) -> Void) throws -> String {
        let scene = try PortfolioScene()
        defer { scene.remove() }
        #expect(throws: Never.self) { try ModelDirectory.load(scene.url) }
        try scene.edit(change)
        do {
            _ = try ModelDirectory.load(scene.url)
            return "accepted"
        } catch let error as any DiagnosedError {
            #expect(error.kind == .badInput)
            return error.description
        }
    }

    /// Changes one entry of a list in the configuration.
    private func set(
        _ list: String, _ place: Int, _ values: [String: Any]
    ) -> (inout [String: Any]) -> Void {
        { object in
            var entries = object[list] as? [Object] ?? []
            entries[place].merge(values) { _, new in new }
            object[list] = entries
        }
    }

    @Test("a configuration that asks for more weights than its files hold takes no memory for them")
    func size() throws {
        // 17 thousand million weights, had they been believed in.
        let block = "feed-forward > "
        let wide = "projection(width=full) > \(block)\(block)pool-mean > pair > classifier"
        let labels = (0..<20_000).map { ["value": "\($0)", "name": "\($0)"] }
        let changes: [(inout [String: Any]) -> Void] = [
            { object in
                set("members", 0, ["genotype": wide])(&object)
                set("views", 0, ["width": 65_536])(&object)
            },
            { $0["labels"] = labels },
        ]
        for change in changes {
            let refusal = try refusal(change)
            #expect(refusal.contains("its files hold"), "\(refusal)")
        }
    }

    @Test("weights that are not shares of one are refused")
    func weights() throws {
        for weight in [0, -0.1, 0.3, 1e300] {
            let refusal = try refusal(set("members", 1, ["weight": weight]))
            #expect(refusal.contains("weight"), "\(refusal)")
        }
        // Digits that were cut off are not a fault.
        #expect(try refusal(set("members", 1, ["weight": 0.375_000_000_1])) == "accepted")
    }

    @Test("views that do not exist, or that nobody reads, are refused")
    func views() throws {
        for view in [-1, 2, Int.max] {
            let refusal = try refusal(set("members", 3, ["view": view]))
            #expect(
                refusal.contains("members[3]: view is \(view), there are 2 views"), "\(refusal)")
        }
        let unread = try refusal { object in
            for place in [2, 3] { set("members", place, ["view": 0])(&object) }
        }
        #expect(unread.contains("views[1] is read by no member"), "\(unread)")
        #expect(try refusal { $0["views"] = [Any]() }.contains("0 views: expected 1 to"))
        let many = try refusal { object in
            let view = (object["views"] as? [Object] ?? [])[0]
            object["views"] = Array(repeating: view, count: 1000)
        }
        #expect(many.contains("1000 views"), "\(many)")
    }

    @Test("layers that the view does not keep, or that are no layers, are refused")
    func layers() throws {
        let cases: [([Int], String)] = [
            ([1, 7], "its view keeps [0, 1, 2]"), ([], "ascending"), ([2, 1], "ascending"),
            ([1, 1], "ascending"), ([-1], "ascending"), ([1_000_000], "ascending"),
        ]
        for (layers, reason) in cases {
            let refusal = try refusal(set("members", 0, ["layers": layers]))
            #expect(refusal.contains("members[0]: layers is \(layers)"), "\(refusal)")
            #expect(refusal.contains(reason), "\(refusal)")
        }
        let view = try refusal(set("views", 1, ["layers": [2, 0]]))
        #expect(view.contains("views[1]: layers is [2, 0]"), "\(view)")
        // Three weights of a mix are not two.
        let mix = try refusal(set("members", 0, ["layers": [0, 1, 2]]))
        #expect(mix.contains("member.0.replica.0."), "\(mix)")
    }

    @Test("absurd numbers of replicas and members are refused")
    func counts() throws {
        for replicas in [0, -1, 1001, Int.max] {
            let refusal = try refusal(set("members", 0, ["replicas": replicas]))
            #expect(refusal.contains("members[0]: replicas is \(replicas)"), "\(refusal)")
        }
        // In range, but not there, or more than there should be.
        for (replicas, name) in [(2, "member.0.replica.2."), (4, "member.0.replica.3.")] {
            let refusal = try refusal(set("members", 0, ["replicas": replicas]))
            #expect(refusal.contains(name), "\(refusal)")
        }
        #expect(try refusal { $0["members"] = [Any]() }.contains("0 members"))
        let many = try refusal { object in
            let member = (object["members"] as? [Object] ?? [])[0]
            object["members"] = Array(repeating: member, count: 1001)
        }
        #expect(many.contains("1001 members"), "\(many)")
        let heads = try refusal { object in
            for place in 0..<4 { set("members", place, ["replicas": 251])(&object) }
        }
        #expect(heads.contains("1004 trained heads"), "\(heads)")
    }

    @Test("scores of held-out rows that no rows can have given are refused")
    func conformal() throws {
        for (scores, reason) in [
            (["rows": 2, "scores": [0.1]], "1 scores of 2 rows"),
            (["rows": 2, "scores": [0.2, 0.1]], "ascending"),
            (["rows": 1, "scores": [1.1]], "from 0.0 to 1.0"),
            (["rows": 1_000_000_000, "scores": [0.1]], "expected 1000"),
            (["scores": [0.1]], "rows"),
        ] as [([String: Any], String)] {
            let refusal = try refusal { $0["conformal"] = scores }
            #expect(refusal.contains(reason), "\(refusal)")
        }
        #expect(
            try refusal { $0["conformal"] = ["rows": 2, "scores": [0.1, 0.1]] } == "accepted")
    }

    @Test("exported files say from which probability on a class remains, for what rows can promise")
    func thresholds() throws {
        let scene = try PortfolioScene()
        defer { scene.remove() }
        var configuration = scene.model.configuration
        configuration.conformal = ConformalScores((1...30).map { Double($0) / 40 })
        let file = scene.directory.appendingPathComponent("heads.safetensors")
        try Exporters.find("safetensors").export(
            Model(configuration: configuration, members: scene.model.members),
            encoders: { [] }, options: ExportOptions(headOnly: true), to: file)
        let metadata = try SafetensorsFile(file).metadata
        // 31 * 0.95 is 29.45: the 30th score; 0.01 would need 99 rows.
        #expect(metadata["set_thresholds"] == #"{"0.05":0.25,"0.1":0.3,"0.2":0.375}"#)
        #expect(metadata["conformal"]?.hasPrefix(#"{"rows":30,"scores":[0.025,"#) == true)
    }

    @Test("what tells familiar texts from others is read again; what does not fit is refused")
    func familiarity() throws {
        let scene = try PortfolioScene()
        defer { scene.remove() }
        let width = scene.model.configuration.views[1].width
        var generator = RandomKey(seed: 4).generator()
        let rows = (0..<12 * width).map { _ in Float.random(in: -1...1, using: &generator) }
        let labels = (0..<12).map { Int32($0 % 3) }
        let familiarity = try #require(
            Familiarity(rows, width: width, targets: .classes(labels)))
        var configuration = scene.model.configuration
        configuration.familiarity = .init(
            view: 1, layer: 2, distances: ConformalScores(familiarity.distances(rows)))
        let model = Model(
            configuration: configuration, members: scene.model.members, familiarity: familiarity)
        try ModelDirectory.save(model, encoders: scene.encoders, card: "", to: scene.url)
        let again = try ModelDirectory.load(scene.url)
        #expect(again.familiarity == familiarity)
        #expect(again.configuration.familiarity == configuration.familiarity)
        for (key, value, reason) in [
            ("view", 2, "view is 2"), ("view", -1, "view is -1"), ("layer", 7, "layer is 7"),
            // Another view has another width.
            ("view", 0, "tensor \"means\""),
        ] {
            try scene.edit { object in
                var familiar = object["familiarity"] as? Object ?? [:]
                familiar[key] = value
                object["familiarity"] = familiar
            }
            let error = #expect(throws: (any Error).self) {
                try ModelDirectory.load(scene.url)
            }
            #expect("\(error.map { "\($0)" } ?? "")".contains(reason), "\(error as Any)")
            try ModelDirectory.save(model, encoders: scene.encoders, card: "", to: scene.url)
        }
        try FileManager.default.removeItem(
            at: scene.url.appendingPathComponent("familiarity.safetensors"))
        #expect(throws: FileError.self) { try ModelDirectory.load(scene.url) }
    }

    @Test("a temperature that leaves nothing of the probabilities is refused")
    func temperature() throws {
        for temperature in [0, -1, 1e-9, 1e9] {
            let refusal = try refusal { $0["temperature"] = temperature }
            #expect(refusal.contains("temperature is \(temperature)"), "\(refusal)")
        }
        for text in ["NaN", "1e999", "null", "\"1\""] {
            let scene = try PortfolioScene()
            defer { scene.remove() }
            let sound = try String(contentsOf: scene.configuration, encoding: .utf8)
            let changed = sound.replacingOccurrences(
                of: "\"temperature\" : 1.25", with: "\"temperature\" : \(text)")
            #expect(changed != sound)
            try Data(changed.utf8).write(to: scene.configuration)
            let error = #expect(throws: ModelError.self) { try ModelDirectory.load(scene.url) }
            #expect(error?.kind == .badInput, "\(text)")
        }
    }

    @Test("fine-tuned layers under several heads of a view are refused")
    func fineTuning() throws {
        let refusal = try refusal(
            set(
                "views", 0,
                [
                    "layers": [0],
                    "fineTuning": [
                        "firstLayer": 1, "lastLayer": 1, "headLayers": [1], "weightPrefix": "",
                    ],
                ]))
        #expect(refusal.contains("its view keeps [0]"), "\(refusal)")
        let ensemble = try self.refusal { object in
            object["formatVersion"] = 7
            for place in [0, 1] { set("members", place, ["layers": [0]])(&object) }
            set(
                "views", 0,
                [
                    "layers": [0],
                    "fineTuning": [
                        "firstLayer": 1, "lastLayer": 1, "headLayers": [1], "weightPrefix": "",
                    ],
                ])(&object)
        }
        #expect(ensemble.contains("an ensemble cannot have fine-tuned"), "\(ensemble)")
    }

    @Test("a genotype that is none is refused with its place")
    func genotype() throws {
        let refusal = try refusal(set("members", 2, ["genotype": "layer(of=9) > nonsense"]))
        #expect(refusal.contains("config.json: members[2]: "), "\(refusal)")
    }
}
