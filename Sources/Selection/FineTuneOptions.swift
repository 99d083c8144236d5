import Encoders
import Support
import Training

/// Whether and how encoder layers are trained together with the best head.
public struct FineTuneOptions: Sendable, Hashable {
    /// How many of the encoder's layers, from the highest that a head reads down.
    public enum Depth: Sendable, Hashable, CustomStringConvertible {
        /// All but the embeddings.
        case all
        /// This many layers, from 1.
        case top(Int)

        /// `all` or a number from 1.
        public init?(_ text: String) {
            if text == "all" {
                self = .all
            } else if let count = Int(text), (1...1000).contains(count) {
                self = .top(count)
            } else {
                return nil
            }
        }

        /// `nil` for all.
        public var layerCount: Int? {
            switch self {
            case .all: nil
            case .top(let count): count
            }
        }

        /// The hidden states that training begins from, for heads whose highest layer is one of these.
        public func layers(below highest: [Int]) -> [Int] {
            highest.map { max(0, $0 - (layerCount ?? $0)) }
        }

        /// As on the command line: `all` or a number.
        public var description: String { layerCount.map(String.init) ?? "all" }
    }

    /// How many layers.
    public var depth: Depth
    /// Learning rates, epochs and the other choices of this training.
    public var training = FineTuneConfiguration()
    /// Whether a head is gated beside the exact linear head, so that training begins at that
    /// (``FineTuneGraph``); otherwise it is trained by itself, from its weights on the frozen encoder.
    public var startsLinear = true
    /// Trainings of each head, of which the best on dev answers.
    public var seeds = 1
    /// Whether pairs are trained on in random order, redrawn each epoch: for tasks where the order
    /// of the two texts has no meaning.
    public var swapsPairs = false
    /// Pairs for each training row that the encoder is trained on by their likeness first
    /// (``ContrastiveWarmUp``); 0 for none.
    public var contrastivePairs = 0
    /// Whether the head that the search found is fine-tuned; otherwise a linear head alone is.
    public var tunesSearched = true
    /// Whether a linear head is fine-tuned in the same way, which doubles the time, and is exported
    /// unless the head that the search found does better on dev, in what decides and in cross entropy.
    public var hasControl = true
    /// What the cross entropy on dev must fall by, in nats a row, for heads on the frozen encoder to answer beside a
    /// fine-tuned one: a second pass of the encoder has to be worth its time.
    public var leastGain = 0.003
    /// Whether the model's directory gets the whole encoder.
    public var isStandalone = false

    /// A head with the layers that are trained, beside a linear head or by itself.
    /// - Parameter hasAdapters: whether adapters are trained where ``training`` asks for them; the model that answers
    ///   has none.
    /// - Throws: `EncoderError` where nothing above the embeddings is read.
    public func graph(
        _ head: FineTuneGraph.Head, beside linear: FineTuneGraph.Head?,
        encoder: EncoderConfiguration, hasAdapters: Bool = false
    ) throws -> FineTuneGraph {
        // Heads may read no layer as high as the number of layers to train: all below it then.
        let highest = (head.context.layers + (linear?.context.layers ?? [])).max() ?? 0
        return try FineTuneGraph(
            head, beside: linear, encoder: encoder,
            count: depth.layerCount.map { min($0, max(1, highest)) }, dropout: training.dropout,
            adapter: hasAdapters ? training.adapterRank.map { LowRankAdapter.Shape(rank: $0) } : nil
        )
    }

    /// Checks that an encoder has as many layers as are to be trained.
    /// - Throws: `EncoderError/badUnfrozenCount(count:layers:)`.
    public func check(layers: Int) throws {
        guard let count = depth.layerCount, count > layers else { return }
        throw EncoderError.badUnfrozenCount(count: count, layers: layers)
    }

    /// Fine-tuning with this project's standard choices.
    public init(_ depth: Depth) { self.depth = depth }

    /// The same where heads are trained by a configuration, of which weight decay, label smoothing and class weights
    /// apply here too.
    public init(_ depth: Depth, like head: TrainingConfiguration) {
        self.depth = depth
        training.criterion = head.criterion
        training.weightDecay = head.weightDecay
        training.labelSmoothing = head.labelSmoothing
        training.balancesClasses = head.balancesClasses
    }
}
