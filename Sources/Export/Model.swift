import Encoders
import Graphs
import Training

/// Trained heads that answer together, with everything needed to run on their encoders.
public struct Model: Sendable {
    /// A head: its graph, and the numbers of each training of it.
    public struct Member: Sendable {
        /// From the hidden states in ``ModelConfiguration/Member/layers``, which are its input
        /// slots in this order, to logits.
        public let graph: Graph
        /// One for each replica, laid out for `graph`.
        public let replicas: [ParameterSet]
        /// The encoder layers in the graph, where some were fine-tuned with the head.
        public let unfrozen: UnfrozenLayers?

        /// - Precondition: a head on fine-tuned encoder layers has one replica.
        public init(graph: Graph, replicas: [ParameterSet], unfrozen: UnfrozenLayers? = nil) {
            precondition(
                unfrozen == nil || replicas.count == 1, "one head on trained encoder layers")
            self.graph = graph
            self.replicas = replicas
            self.unfrozen = unfrozen
        }
    }

    public let configuration: ModelConfiguration
    /// As in ``ModelConfiguration/members``, in the same order.
    public let members: [Member]
    /// What tells familiar texts from others, as ``ModelConfiguration/familiarity`` says.
    public let familiarity: Familiarity?

    /// - Precondition: members and replicas are as many as the configuration says, each graph gives
    ///   one logit per class, and encoder layers are in the graphs of those members whose views say so.
    public init(
        configuration: ModelConfiguration, members: [Member], familiarity: Familiarity? = nil
    ) {
        precondition(
            familiarity == nil || configuration.familiarity != nil,
            "what is measured, and how far texts like those of training are")
        precondition(
            configuration.members.map(\.replicas) == members.map(\.replicas.count),
            "as many heads as the configuration says")
        precondition(
            members.allSatisfy { $0.graph.output.width == configuration.targets.outputs },
            "one logit per class or label, or one for a number")
        precondition(
            zip(configuration.members, members).allSatisfy { own, member in
                (configuration.views[own.view].fineTuning != nil) == (member.unfrozen != nil)
            }, "trained encoder layers where the configuration says so")
        var configuration = configuration
        // Without the means it can tell nothing.
        if familiarity == nil { configuration.familiarity = nil }
        self.configuration = configuration
        self.members = members
        self.familiarity = familiarity
    }

    /// A model of one head that was trained once.
    public init(
        configuration: ModelConfiguration, graph: Graph, parameters: ParameterSet,
        unfrozen: UnfrozenLayers? = nil, familiarity: Familiarity? = nil
    ) {
        self.init(
            configuration: configuration,
            members: [Member(graph: graph, replicas: [parameters], unfrozen: unfrozen)],
            familiarity: familiarity)
    }

    /// Trained weights of all heads, those of encoder layers included.
    public var weightCount: Int {
        members.reduce(0) { $0 + $1.graph.trainableCount * $1.replicas.count }
    }
}
