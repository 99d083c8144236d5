/// Why a head was trained.
public enum Role: String, Sendable, Hashable, Codable, CaseIterable {
    /// One of the best by score, trained to be compared with the others.
    case finalist
    /// One of the random control's contestants.
    case randomFinalist = "random-finalist"
    /// A training configuration tried for the search's best head.
    case tuning
    /// The best finalist, tuned and trained with several seeds; or the head that the user gave.
    case searched
    /// The best of all exactly fitted linear heads.
    case bestLinear = "best-linear"
    /// The plain linear head.
    case linear
    /// A small multilayer perceptron on mean-pooled features.
    case mlp
    /// The best of as many random heads as there are finalists.
    case random
    /// The search's best head, trained further together with encoder layers.
    case fineTuned = "fine-tuned"
    /// A linear head, trained further together with encoder layers.
    case fineTunedLinear = "fine-tuned-linear"

    /// A name for tables and figures.
    public var title: String {
        switch self {
        case .finalist: "finalist"
        case .randomFinalist: "random head"
        case .tuning: "tuning"
        case .searched: "search’s best head"
        case .bestLinear: "best linear head"
        case .linear: "linear head"
        case .mlp: "MLP"
        case .random: "best random head"
        case .fineTuned: "search’s best head, fine-tuned"
        case .fineTunedLinear: "linear head, fine-tuned"
        }
    }

    /// What such a head is, as a phrase.
    public var explanation: String {
        switch self {
        case .finalist: "one of the best heads by score"
        case .randomFinalist: "a head drawn at random"
        case .tuning: "the search’s best head under another training configuration"
        case .searched: "the best finalist on held-out rows, tuned and trained with every seed"
        case .bestLinear:
            "logistic regression on any layer, with and without alignment and coverage, chosen on "
                + "held-out rows and fitted exactly"
        case .linear:
            "logistic regression on the mean-pooled features of one layer, layer and penalty chosen "
                + "on dev"
        case .mlp: "mean-pooled features of the highest layer and one hidden layer"
        case .random:
            "the best of as many random heads as there are finalists, chosen, tuned and trained like "
                + "the search’s best head"
        case .fineTuned: "trained further together with encoder layers"
        case .fineTunedLinear: "mean pooling and a linear layer, trained with encoder layers"
        }
    }
}
