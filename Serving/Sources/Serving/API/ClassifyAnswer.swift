import KNAS
import Metrics

/// What a request to classify is answered with.
struct ClassifyAnswer: Encodable {
    let model: String
    /// Counts from 1 each time the model's directory changes.
    let version: Int
    /// In the order of the texts.
    let answers: [Answer]

    init(
        _ results: [TextClassifier.Classification], of model: LoadedModel,
        for request: ClassifyRequest
    ) {
        self.model = model.name
        version = model.version
        answers = results.map { Answer($0, model, request) }
    }

    /// The answer to one text, in the fields of `knas predict`.
    struct Answer: Encodable {
        struct Ranked: Encodable {
            let label: String
            let probability: Float
        }

        enum CodingKeys: String, CodingKey {
            case label, set, probability, labels, probabilities, top, logits, value, interval
        }

        private let kind: TargetKind
        /// With one class a text: `nil` where its probability does not reach the threshold, and where the
        /// model abstains.
        let label: String?
        /// The classes that remain, where that was asked for.
        let set: [String]?
        let probability: Float
        /// With several labels a text.
        let labels: [String]?
        /// With classes or labels, unless the first few were asked for.
        let probabilities: [String: Float]?
        /// The first few, most likely first.
        let top: [Ranked]?
        let logits: [String: Float]?
        /// With a number.
        let value: Double?
        /// Its lower and upper end, where that was asked for.
        let interval: [Double]?
        let familiarity: TextFamiliarity

        init(
            _ result: TextClassifier.Classification, _ model: LoadedModel,
            _ request: ClassifyRequest
        ) {
            let names = model.classifier.labels
            func byName(_ values: [Float]) -> [String: Float] {
                Dictionary(zip(names, values)) { first, _ in first }
            }
            kind = model.classifier.target
            value = result.value
            probability = result.probability
            var isSure = true
            if case .all(let threshold) = request.threshold {
                isSure = result.probability >= threshold
            }
            label = isSure ? result.answer : nil
            set = result.set
            interval = result.interval.map { [$0.lowerBound, $0.upperBound] }
            familiarity = TextFamiliarity(result)
            labels = result.labels.map { own in
                let probabilities = result.probabilities
                switch request.threshold {
                case nil: return own
                case .all(let threshold):
                    return zip(names, probabilities).filter { $1 >= threshold }.map(\.0)
                case .each(let each):
                    let own = Set(own)
                    return zip(names, probabilities).filter { name, probability in
                        each[name].map { probability >= $0 } ?? own.contains(name)
                    }.map(\.0)
                }
            }
            top = request.top.map { count in
                // Equal ones in the order of the model's labels.
                let order = names.indices.sorted {
                    (-result.probabilities[$0], $0) < (-result.probabilities[$1], $1)
                }
                return order.prefix(count).map {
                    Ranked(label: names[$0], probability: result.probabilities[$0])
                }
            }
            probabilities =
                kind == .number || top != nil ? nil : byName(result.probabilities)
            logits = request.logits ? byName(result.logits) : nil
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            if kind == .oneClass {
                try container.encode(label, forKey: .label)
                try container.encodeIfPresent(set, forKey: .set)
                try container.encode(probability, forKey: .probability)
            }
            try container.encodeIfPresent(labels, forKey: .labels)
            try container.encodeIfPresent(probabilities, forKey: .probabilities)
            try container.encodeIfPresent(top, forKey: .top)
            try container.encodeIfPresent(logits, forKey: .logits)
            try container.encodeIfPresent(value, forKey: .value)
            try container.encodeIfPresent(interval, forKey: .interval)
            try familiarity.encode(to: encoder)
        }
    }
}

/// How far a text is from those of training, in the fields of `knas predict`.
struct TextFamiliarity: Encodable {
    /// The share of texts like those of training that are as far from them or farther; `nil` where the model
    /// has nothing to compare with.
    let familiarity: Double?
    /// Whether that is so small that the text may belong to no class.
    let outlier: Bool?

    init(_ result: TextClassifier.Classification) {
        familiarity = result.familiarity.map { ($0 * 10_000).rounded() / 10_000 }
        outlier = result.familiarity.map { _ in result.isOutlier }
    }
}

/// What a model is.
struct ModelAnswer: Encodable {
    let name: String
    let task: String
    /// `class`, `labels` or `number`.
    let target: TargetKind
    let pairs: Bool
    let labels: [String]
    /// What a label's probability must reach, with several labels a text.
    let thresholds: [String: Float]?
    /// The smallest share of texts to be wrong about that the model can promise.
    let leastAbstain: Double?
    let encoders: [String]
    /// Heads that answer together.
    let heads: Int
    let version: Int
    /// Seconds since 1970.
    let loadedAt: Int

    enum CodingKeys: String, CodingKey {
        case name, task, target, pairs, labels, thresholds, encoders, heads, version
        case leastAbstain = "least_abstain"
        case loadedAt = "loaded_at"
    }

    init(_ model: LoadedModel) {
        let configuration = model.configuration
        name = model.name
        task = configuration.task
        target = model.classifier.target
        pairs = model.classifier.takesPairs
        labels = model.classifier.labels
        thresholds = configuration.thresholds.map {
            Dictionary(zip(model.classifier.labels, $0)) { first, _ in first }
        }
        leastAbstain = model.classifier.leastMiscoverage
        // A path would tell where this machine keeps things.
        encoders = configuration.views.map {
            String($0.encoder.name.split(separator: "/").last ?? "")
        }
        heads = configuration.headCount
        version = model.version
        loadedAt = Int(model.loadedAt.timeIntervalSince1970)
    }
}

struct ModelListAnswer: Encodable {
    let models: [ModelAnswer]
}

struct StatusAnswer: Encodable {
    let status: String
}
