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

        public init(graph: Graph, replicas: [ParameterSet]) {
            self.graph = graph
            self.replicas = replicas
        }
    }

    public let configuration: ModelConfiguration
    /// As in ``ModelConfiguration/members``, in the same order.
    public let members: [Member]
    /// The encoder layers in the graph, where some were fine-tuned.
    public let unfrozen: UnfrozenLayers?
    /// What tells familiar texts from others, as ``ModelConfiguration/familiarity`` says.
    public let familiarity: Familiarity?

    /// - Precondition: members and replicas are as many as the configuration says, each graph gives
    ///   one logit per class, and encoder layers are only in the graph of a single head.
    public init(
        configuration: ModelConfiguration, members: [Member], unfrozen: UnfrozenLayers? = nil,
        familiarity: Familiarity? = nil
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
            unfrozen == nil || configuration.headCount == 1, "one head on trained encoder layers")
        var configuration = configuration
        // Without the means it can tell nothing.
        if familiarity == nil { configuration.familiarity = nil }
        self.configuration = configuration
        self.members = members
        self.unfrozen = unfrozen
        self.familiarity = familiarity
    }

    /// A model of one head that was trained once.
    public init(
        configuration: ModelConfiguration, graph: Graph, parameters: ParameterSet,
        unfrozen: UnfrozenLayers? = nil, familiarity: Familiarity? = nil
    ) {
        self.init(
            configuration: configuration, members: [Member(graph: graph, replicas: [parameters])],
            unfrozen: unfrozen, familiarity: familiarity)
    }

    /// Trained weights of all heads, those of encoder layers included.
    public var weightCount: Int {
        members.reduce(0) { $0 + $1.graph.trainableCount * $1.replicas.count }
    }
}
