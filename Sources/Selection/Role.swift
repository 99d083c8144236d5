/// Why a head was trained.
public enum Role: String, Sendable, Hashable, Codable, CaseIterable {
    /// One of the heads that the search chose: tried on every held-out part, and free to become a
    /// member of the portfolio.
    case contestant
    /// A head that was trained for a while and left the funnel.
    case tried
    /// The best contestant under another training configuration.
    case tuning
    /// An exactly fitted linear head that reads what mean pooling gives.
    case linear
    /// An exactly fitted linear head that also compares tokens.
    case richLinear = "rich-linear"
    /// A small multilayer perceptron on mean-pooled features.
    case mlp
    /// The best head alone, or the one that the user gave.
    case single
    /// The exported portfolio.
    case portfolio
    /// A portfolio of linear heads.
    case linearPortfolio = "linear-portfolio"
    /// What drawing heads on any layer at random finds with as many multiply-adds as the search.
    case random
    /// A contestant of that control.
    case randomContestant = "random-contestant"
    /// What the search finds without scores.
    case randomFunnel = "random-funnel"
    /// A contestant of that control, and a head that left its funnel.
    case funnelContestant = "funnel-contestant"
    case funnelTried = "funnel-tried"
    /// The best head, trained further together with encoder layers.
    case fineTuned = "fine-tuned"
    /// A linear head, trained further together with encoder layers.
    case fineTunedLinear = "fine-tuned-linear"
    /// The portfolio on the frozen encoder and a head that was trained with encoder layers.
    case fineTunedPortfolio = "fine-tuned-portfolio"

    /// Whether the encoder was trained for it.
    public var isFineTuned: Bool {
        switch self {
        case .fineTuned, .fineTunedLinear, .fineTunedPortfolio: true
        case .contestant, .tried, .tuning, .linear, .richLinear, .mlp, .single, .portfolio,
            .linearPortfolio, .random, .randomContestant, .randomFunnel, .funnelContestant,
            .funnelTried:
            false
        }
    }

    /// A name for tables and figures.
    public var title: String {
        switch self {
        case .contestant: "contestant"
        case .tried: "tried"
        case .tuning: "tuning"
        case .linear: "linear head"
        case .richLinear: "linear head on compared tokens"
        case .mlp: "MLP"
        case .single: "best single head"
        case .portfolio: "portfolio"
        case .linearPortfolio: "portfolio of linear heads"
        case .random: "random search"
        case .randomContestant: "random head"
        case .randomFunnel: "random funnel"
        case .funnelContestant: "random funnel’s contestant"
        case .funnelTried: "random funnel’s tried head"
        case .fineTuned: "best head, fine-tuned"
        case .fineTunedLinear: "linear head, fine-tuned"
        case .fineTunedPortfolio: "fine-tuned portfolio"
        }
    }

    /// What such a head or portfolio is, as a phrase.
    public var explanation: String {
        switch self {
        case .contestant: "one of the search’s best heads, tried on every held-out part"
        case .tried: "a head that was trained for a while and left the funnel"
        case .tuning: "the best contestant under another training configuration"
        case .linear:
            "logistic regression on the mean-pooled features of one layer, layer and penalty chosen "
                + "on held-out rows and fitted exactly"
        case .richLinear:
            "logistic regression that also reads how tokens compare, chosen and fitted like the "
                + "linear head"
        case .mlp: "mean-pooled features of the highest layer and one hidden layer"
        case .single: "the best head on held-out rows by itself"
        case .portfolio: "several heads that answer together, calibrated by one temperature"
        case .linearPortfolio: "the same portfolio step with linear heads alone"
        case .random:
            "heads on any layer, drawn at random and trained in full with as many multiply-adds as the "
                + "search, then the same portfolio step"
        case .randomContestant: "a head drawn at random and trained in full"
        case .randomFunnel:
            "the whole search, on the same layers, with heads drawn at random in place of those with "
                + "the best scores"
        case .funnelContestant: "one of the random funnel’s best heads"
        case .funnelTried: "a head that left the random funnel"
        case .fineTuned: "trained further together with encoder layers"
        case .fineTunedLinear: "mean pooling and a linear layer, trained with encoder layers"
        case .fineTunedPortfolio:
            "heads on the frozen encoder and one that was trained with encoder layers, which answer "
                + "together"
        }
    }
}
