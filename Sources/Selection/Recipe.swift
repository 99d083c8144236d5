import Training

/// How a head gets its weights.
public enum Recipe: Sendable, Hashable, CustomStringConvertible {
    /// AdamW on cached features, the encoder frozen.
    case adamW(TrainingConfiguration)
    /// A linear classifier fitted to its minimum, under an L2 penalty of inverse strength C, as in
    /// scikit-learn: the loss is `|w|^2 / 2 + C sum_i L_i`.
    case exact(strength: Double)
    /// AdamW on the head and the encoder's layers together.
    case fineTuned(FineTuneConfiguration)

    /// Whether every seed gives the same weights.
    public var isDeterministic: Bool {
        if case .exact = self { true } else { false }
    }

    /// For people, in a few words.
    public var description: String {
        switch self {
        case .adamW(let training):
            "AdamW, \(training.epochs) epochs, learning rate \(training.learningRate), "
                + "weight decay \(training.weightDecay)"
        case .exact(let strength): "fitted exactly, C = \(strength)"
        case .fineTuned(let training):
            "fine-tuned, \(training.epochs) epochs, learning rates \(training.headLearningRate) "
                + "(head) and \(training.encoderLearningRate) (encoder)"
        }
    }
}

/// Encoded as an object with the key `kind` and the choices of that kind.
extension Recipe: Codable {
    private enum Kind: String, Codable { case adamW, exact, fineTuned }
    private enum CodingKeys: String, CodingKey { case kind, training, strength }

    /// Reads what ``encode(to:)`` writes.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        switch try values.decode(Kind.self, forKey: .kind) {
        case .adamW: self = .adamW(try values.decode(TrainingConfiguration.self, forKey: .training))
        case .exact: self = .exact(strength: try values.decode(Double.self, forKey: .strength))
        case .fineTuned:
            self = .fineTuned(try values.decode(FineTuneConfiguration.self, forKey: .training))
        }
    }

    /// Writes `kind` and `training` or `strength`.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .adamW(let training):
            try values.encode(Kind.adamW, forKey: .kind)
            try values.encode(training, forKey: .training)
        case .exact(let strength):
            try values.encode(Kind.exact, forKey: .kind)
            try values.encode(strength, forKey: .strength)
        case .fineTuned(let training):
            try values.encode(Kind.fineTuned, forKey: .kind)
            try values.encode(training, forKey: .training)
        }
    }
}
