import Encoders
import Export
import Foundation
import Graphs
import Heads
import Mutations
import Support
import Tasks
import Training

/// Valid model directories on the tiny encoders of ``EncoderSeeds``.
enum ModelSeeds {
    static func directories() throws -> [FileSet] {
        let single = "layer(of=mix) > projection(width=full) > pool-mean > classifier"
        let pair = "projection(width=full) > pool-mean > pair(kind=all) > classifier"
        return [
            try directory(single, segments: 1, fineTuned: false, included: true),
            try directory(pair, segments: 2, fineTuned: false, included: false),
            try directory(single, segments: 1, fineTuned: true, included: false),
            try directory(pair, segments: 2, fineTuned: true, included: true),
            try portfolio(),
            try tunedPortfolio(included: false),
            try tunedPortfolio(included: true),
        ]
    }

    private static func directory(
        _ text: String, segments: Int, fineTuned: Bool, included: Bool
    ) throws -> FileSet {
        let files = try EncoderSeeds.directory(type: "bert", dtype: .float32)
        return try TensorSeeds.written { directory in
            let installed = directory.appendingPathComponent("installed")
            try files.write(to: installed)
            let encoder = try Encoder(directory: installed)
            let space = SearchSpace(
                context: HeadContext(
                    inputWidth: EncoderSeeds.width, classes: 2, segments: segments,
                    layers: [1, 2]))
            let genotype = try space.genotype(text)
            let read = space.layers(of: genotype)
            var configuration = ModelConfiguration(
                task: "toy",
                encoder: .init(name: "toy", digest: encoder.digest),
                layers: read, pairing: .siamese, hasPairs: segments == 2, maximumLength: 12,
                genotype: genotype.description,
                labels: ["no", "yes"].map { TaskLabel(value: $0) }, positiveLabel: 1,
                width: EncoderSeeds.width)
            let model: Model
            if fineTuned {
                let tuned = try FineTuneGraph(
                    FineTuneGraph.Head(genotype, in: space), encoder: encoder.configuration,
                    count: 1, dropout: 0)
                let head = ParameterSet(space.graph(of: genotype))
                head.initialize(key: RandomKey(seed: 1))
                configuration.members[0].layers = tuned.inputLayers
                configuration.views[0].layers = tuned.inputLayers
                configuration.views[0].fineTuning = .init(
                    firstLayer: tuned.unfrozen.layers.lowerBound,
                    lastLayer: tuned.unfrozen.layers.upperBound, headLayers: read,
                    weightPrefix: encoder.weightPrefix)
                model = Model(
                    configuration: configuration, graph: tuned.graph,
                    parameters: try tuned.parameters(encoder: encoder, head: head),
                    unfrozen: tuned.unfrozen)
            } else {
                let reduced = SearchSpace(
                    context: HeadContext(
                        inputWidth: EncoderSeeds.width, classes: 2, segments: segments,
                        layers: read))
                let graph = reduced.graph(of: genotype)
                let parameters = ParameterSet(graph)
                parameters.initialize(key: RandomKey(seed: 1))
                model = Model(configuration: configuration, graph: graph, parameters: parameters)
            }
            try ModelDirectory.save(
                model, encoders: [encoder], card: "a card", includesEncoder: included,
                to: directory.appendingPathComponent("model"))
            if included { try FileManager.default.removeItem(at: installed) }
        }
    }

    /// A head on the frozen encoder, and one on trained layers of it that is gated beside a linear head.
    private static func tunedPortfolio(included: Bool) throws -> FileSet {
        let files = try EncoderSeeds.directory(type: "bert", dtype: .float32)
        return try TensorSeeds.written { directory in
            let installed = directory.appendingPathComponent("installed")
            try files.write(to: installed)
            let encoder = try Encoder(directory: installed)
            func view(
                _ layers: [Int], _ tuning: ModelConfiguration.FineTuning? = nil
            ) -> ModelConfiguration.View {
                ModelConfiguration.View(
                    encoder: .init(name: "toy", digest: encoder.digest), pairing: .siamese,
                    layers: layers, maximumLength: 12, width: EncoderSeeds.width,
                    fineTuning: tuning)
            }
            let linear = "projection(width=full) > pool-mean > classifier(hidden=0,dropout=0)"
            let configuration = ModelConfiguration(
                task: "toy", hasPairs: false, labels: ["no", "yes"].map { TaskLabel(value: $0) },
                positiveLabel: nil,
                views: [
                    view([2]),
                    view(
                        [1],
                        .init(
                            firstLayer: 2, lastLayer: 2, headLayers: [2],
                            linear: .init(genotype: linear, layers: [2]),
                            weightPrefix: encoder.weightPrefix)),
                ],
                members: [
                    .init(genotype: linear, layers: [2], weight: 0.5),
                    .init(
                        genotype: "projection > pool-max > classifier", view: 1, layers: [1],
                        weight: 0.5),
                ], temperature: 1.5)
            let spaces = configuration.members.indices.map {
                SearchSpace(context: configuration.context(ofMember: $0))
            }
            let start = FineTuneGraph.Head(try spaces[0].genotype(linear), in: spaces[0])
            let tuned = try FineTuneGraph(
                FineTuneGraph.Head(
                    try spaces[1].genotype(configuration.members[1].genotype), in: spaces[1]),
                beside: start, encoder: encoder.configuration, unfreezing: 2...2, dropout: 0)
            let head = ParameterSet(spaces[0].graph(of: start.genotype))
            head.initialize(key: RandomKey(seed: 1))
            let heads = ParameterSet(tuned.graph)
            heads.initialize(key: RandomKey(seed: 2))
            let members = [
                Model.Member(
                    graph: spaces[0].graph(of: start.genotype), replicas: [head]),
                Model.Member(
                    graph: tuned.graph,
                    replicas: [try tuned.parameters(encoder: encoder, head: heads, linear: head)],
                    unfrozen: tuned.unfrozen),
            ]
            try ModelDirectory.save(
                Model(configuration: configuration, members: members),
                encoders: [encoder, encoder], card: "a card", includesEncoder: included,
                to: directory.appendingPathComponent("model"))
            if included { try FileManager.default.removeItem(at: installed) }
        }
    }

    /// Three heads over two views of one encoder.
    private static func portfolio() throws -> FileSet {
        let files = try EncoderSeeds.directory(type: "bert", dtype: .float32)
        return try TensorSeeds.written { directory in
            let installed = directory.appendingPathComponent("installed")
            try files.write(to: installed)
            let encoder = try Encoder(directory: installed)
            let views = [Pairing.siamese, .joint].map {
                ModelConfiguration.View(
                    encoder: .init(name: "toy", digest: encoder.digest), pairing: $0,
                    layers: [1, 2], maximumLength: 12, width: EncoderSeeds.width)
            }
            let head = "projection(width=full) > pool-mean > "
            let configuration = ModelConfiguration(
                task: "toy", hasPairs: true, labels: ["no", "yes"].map { TaskLabel(value: $0) },
                positiveLabel: nil, views: views,
                members: [
                    .init(
                        genotype: "layer(of=mix) > \(head)pair > classifier", layers: [1, 2],
                        weight: 0.75, replicas: 2),
                    .init(genotype: "\(head)classifier", view: 1, layers: [2], weight: 0.25),
                ], temperature: 1.5)
            let members = try configuration.members.enumerated().map { place, member in
                let space = SearchSpace(context: configuration.context(ofMember: place))
                let graph = space.graph(of: try space.genotype(member.genotype))
                return Model.Member(
                    graph: graph,
                    replicas: (0..<member.replicas).map { replica in
                        let set = ParameterSet(graph)
                        set.initialize(key: RandomKey(seed: 1).child(replica))
                        return set
                    })
            }
            try ModelDirectory.save(
                Model(configuration: configuration, members: members),
                encoders: [encoder, encoder], card: "a card",
                to: directory.appendingPathComponent("model"))
        }
    }
}
