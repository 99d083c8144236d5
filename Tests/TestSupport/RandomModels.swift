import Encoders
import Export
import Foundation
import Graphs
import Heads
import Support
import Tasks
import Training

/// Models with random weights that are nowhere zero or one, and logits of the size that trained
/// heads give: a tolerance of 1e-4 means little where logits are in the hundreds.
public enum RandomModels {
    /// A genotype's model with the layers that it reads.
    public static func head(
        _ space: SearchSpace, _ genotype: Genotype, encoder: Encoder?, pairing: Pairing,
        hasPairs: Bool, replicas: Int = 1, key: RandomKey
    ) -> Model {
        let layers = space.layers(of: genotype)
        let configuration = ModelConfiguration(
            task: "toy", encoder: .init(name: "tiny", digest: encoder?.digest ?? "none"),
            layers: layers, pairing: pairing, hasPairs: hasPairs, maximumLength: 24,
            genotype: genotype.description, labels: labels(space.context.classes),
            positiveLabel: nil, width: space.context.inputWidth, replicas: replicas)
        let graph = SearchSpace(context: configuration.context(ofMember: 0)).graph(of: genotype)
        return Model(
            configuration: configuration,
            members: [.init(graph: graph, replicas: sets(graph, replicas, key))])
    }

    /// A portfolio of the heads in a configuration, whose texts become canonical.
    /// - Parameter encoder: that of a view with fine-tuned layers.
    public static func portfolio(
        _ configuration: ModelConfiguration, on encoder: Encoder? = nil, key: RandomKey
    ) throws -> Model {
        var configuration = configuration
        let members = try configuration.members.enumerated().map { place, member in
            let space = SearchSpace(context: configuration.context(ofMember: place))
            let genotype = try space.genotype(member.genotype)
            configuration.members[place].genotype = genotype.description
            let key = key.child("member \(place)")
            if let encoder, let tuning = configuration.views[member.view].fineTuning {
                return try tuned(genotype, space, tuning, encoder, key)
            }
            let graph = space.graph(of: genotype)
            return Model.Member(
                graph: graph, replicas: sets(graph, member.replicas, key))
        }
        return Model(configuration: configuration, members: members)
    }

    /// A head on encoder layers, all with random weights.
    private static func tuned(
        _ genotype: Genotype, _ space: SearchSpace, _ tuning: ModelConfiguration.FineTuning,
        _ encoder: Encoder, _ key: RandomKey
    ) throws -> Model.Member {
        let linear = try tuning.linear.map { part in
            let own = space.reading(layers: part.layers)
            return FineTuneGraph.Head(try own.genotype(part.genotype), in: own)
        }
        let tuned = try FineTuneGraph(
            FineTuneGraph.Head(genotype, in: space), beside: linear,
            encoder: encoder.configuration, unfreezing: tuning.firstLayer...tuning.lastLayer,
            dropout: 0)
        return Model.Member(
            graph: tuned.graph, replicas: sets(tuned.graph, 1, key), unfrozen: tuned.unfrozen)
    }

    /// `class 0` and so on.
    public static func labels(_ count: Int) -> [TaskLabel] {
        (0..<count).map { TaskLabel(value: "class \($0)") }
    }

    private static func sets(_ graph: Graph, _ count: Int, _ key: RandomKey) -> [ParameterSet] {
        var generator = key.child("noise").generator()
        return (0..<count).map { replica in
            let parameters = ParameterSet(graph)
            parameters.initialize(key: replica == 0 ? key : key.child(replica))
            for parameter in graph.parameters {
                let values = parameters.values(parameter.name) ?? []
                parameters.set(
                    parameter.name, values.map { $0 + generator.uniform(bound: Float(0.05)) })
            }
            return parameters
        }
    }
}
