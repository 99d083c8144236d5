import Foundation
import KNAS
import Metrics
import RunStore

/// What is known of a run, for the live page.
struct RunAnswer: Encodable, Equatable {
    struct Head: Encodable, Equatable {
        let genotype: String
        var stage: String?
        var epochs: Int?
        var accuracy: Double?
        var score: Double?
        var crossEntropy: Double?
        var isFinished = true
        /// Its share of the model, once there is one.
        var weight: Double?

        enum CodingKeys: String, CodingKey {
            case genotype, stage, epochs, accuracy, score, weight
            case crossEntropy = "cross_entropy"
            case isFinished = "finished"
        }
    }

    /// The best held-out accuracy at a time.
    struct Point: Encodable, Equatable {
        let seconds: Double
        let accuracy: Double
    }

    let name: String
    var state: RunOverview.State
    /// Why it cannot be read.
    var detail: String?
    var task: String?
    var stage: String?
    var seconds: Double?
    var scored: Int?
    var failed: Int?
    var timings: [String: Double]?
    var heads: [Head] = []
    var history: [Point] = []
    /// The metric that decides, of which scores are values.
    var metric: Metric?
    var heldOutScore: Double?
    var testScore: Double?
    var singleTestScore: Double?
    var linearTestScore: Double?
    /// No accuracies where numbers are predicted.
    var heldOutAccuracy: Double?
    var testAccuracy: Double?
    var singleTestAccuracy: Double?
    var linearTestAccuracy: Double?
    /// What an answer costs, as a multiple of the encoder's pass.
    var cost: Double?
    var parameters: Int?
    var choices: [String: String]?
    var hasReport = false
    var hasModel = false

    enum CodingKeys: String, CodingKey, CaseIterable {
        case name, state, detail, task, stage, seconds, scored, failed, timings, heads, history
        case cost, parameters, choices, metric
        case heldOutScore = "held_out_score"
        case testScore = "test_score"
        case singleTestScore = "single_test_score"
        case linearTestScore = "linear_test_score"
        case heldOutAccuracy = "held_out_accuracy"
        case testAccuracy = "test_accuracy"
        case singleTestAccuracy = "single_test_accuracy"
        case linearTestAccuracy = "linear_test_accuracy"
        case hasReport = "report"
        case hasModel = "model"
    }

    /// A run that is not finished.
    init(_ name: String, _ progress: RunProgress, now: Double) {
        self.name = name
        state = progress.isRunning ? .running : .interrupted
        task = progress.task
        stage = progress.stage
        scored = progress.scored
        failed = progress.failed
        timings = progress.timings
        choices = progress.choices
        heads = progress.heads.map {
            Head(
                genotype: $0.genotype, stage: $0.stage, epochs: $0.epochs, accuracy: $0.accuracy,
                score: $0.score, crossEntropy: $0.crossEntropy, isFinished: $0.isFinished)
        }
        heldOutAccuracy = progress.heads.first?.accuracy
        metric = progress.choices["selection.training.criterion"].flatMap(Metric.init(rawValue:))
        heldOutScore = progress.heads.first?.score
        let end = progress.isRunning ? now : progress.updated ?? now
        seconds = progress.created.map { max(0, end - $0).rounded() }
    }

    /// A run of which nothing can be read.
    init(unreadable name: String) {
        self.name = name
        state = .damaged
        detail = "it cannot be read"
    }

    /// A run that is finished, or cannot be read.
    init(_ name: String, _ overview: RunOverview) {
        self.name = name
        state = overview.state
        detail = overview.detail
        task = overview.task
        seconds = overview.wallSeconds
        scored = overview.scored
        heads = (overview.members ?? []).map { Head(genotype: $0.genotype, weight: $0.weight) }
        metric = overview.metric
        heldOutScore = overview.heldOutScore
        testScore = overview.testScore
        singleTestScore = overview.singleTestScore
        linearTestScore = overview.linearTestScore
        heldOutAccuracy = overview.heldOutAccuracy
        testAccuracy = overview.testAccuracy
        singleTestAccuracy = overview.singleTestAccuracy
        linearTestAccuracy = overview.linearTestAccuracy
        cost = overview.costFactor
        parameters = overview.parameters
        choices = overview.choices
    }
}

struct RunListAnswer: Encodable {
    let runs: [RunAnswer]
}

/// What each word of a text adds to its answer.
struct ExplainAnswer: Encodable {
    /// Where the model abstains, `nil`.
    let label: String?
    let probability: Float
    /// The classes that remain, where that was asked for.
    let set: [String]?
    let familiarity: TextFamiliarity
    let logOdds: Double
    let words: [TextClassifier.Explanation.Word]

    enum CodingKeys: String, CodingKey {
        case label, probability, set, words
        case logOdds = "log_odds"
    }

    init(_ explanation: TextClassifier.Explanation) {
        label = explanation.classification.answer
        probability = explanation.classification.probability
        set = explanation.classification.set
        familiarity = TextFamiliarity(explanation.classification)
        logOdds = explanation.logOdds
        words = explanation.words
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(label, forKey: .label)
        try container.encode(probability, forKey: .probability)
        try container.encodeIfPresent(set, forKey: .set)
        try container.encode(logOdds, forKey: .logOdds)
        try container.encode(words, forKey: .words)
        try familiarity.encode(to: encoder)
    }
}
