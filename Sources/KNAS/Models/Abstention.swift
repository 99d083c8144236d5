import Export
import Features
import Foundation
import Metrics
import Support

extension TextClassifier {
    /// The least share of texts to be wrong about that the model can promise, 1 / (held-out rows + 1); `nil`
    /// where it can promise nothing.
    public var leastMiscoverage: Double? { configuration.conformal?.leastMiscoverage }

    /// The probability that a class needs to remain in a set, and below which an answer is rejected.
    /// - Parameter abstain: the share of texts whose set may lack the true class.
    /// - Returns: `nil` where numbers are predicted.
    /// - Throws: as ``checkAbstaining(_:option:)``.
    public func threshold(abstain: Double) throws -> Double? {
        try checkAbstaining(abstain)
        guard target == .oneClass else { return nil }
        return configuration.conformal?.threshold(abstain).map { max(0, 1 - $0) }
    }

    /// Whether the model can promise to be wrong about a share of texts at most.
    /// - Parameters:
    ///   - share: of texts whose set or interval may lack the truth.
    ///   - option: what the caller's own callers call it, for the message.
    /// - Throws: `BadOption` for what is not between 0 and 1; `ModelError.wrongInput` where texts have several
    ///   labels, the model is of an earlier version, or has seen too few held-out rows for the promise.
    public func checkAbstaining(_ share: Double, option: String = "--abstain") throws {
        try require(
            share > 0 && share < 1, option, share, "a share between 0 and 1, e.g. 0.05")
        guard target != .labels else {
            throw ModelError.wrongInput(
                reason: "\(option) is for models with one class a text, or a number; with several "
                    + "labels a text each label has a threshold")
        }
        guard let scores = configuration.conformal else {
            throw ModelError.wrongInput(
                reason: "the model has no scores of held-out rows, which \(option) needs: it is of "
                    + "an earlier version; search again with --resume")
        }
        guard scores.threshold(share) != nil else {
            throw ModelError.wrongInput(
                reason: "\(option) is \(share): the model's \(scores.rows) held-out "
                    + (scores.rows == 1 ? "row promises" : "rows promise")
                    + " \(Self.rounded(scores.leastMiscoverage)) at best")
        }
    }

    /// Two digits, rounded up.
    private static func rounded(_ share: Double) -> String {
        let unit = pow(10, floor(log10(share)) - 1)
        return String(format: "%.2g", (share / unit - 1e-9).rounded(.up) * unit)
    }

    /// Sets the classes that remain, or the interval.
    func remain(in answer: inout Classification, _ miscoverage: Double) {
        guard let scores = configuration.conformal else { return }
        if let value = answer.value {
            answer.interval = scores.interval(around: value, miscoverage: miscoverage)
        } else {
            answer.set = scores.set(of: answer.probabilities, miscoverage: miscoverage)
                .map { labels[$0] }
        }
    }
}

extension Model {
    /// The familiarity of each example.
    /// - Parameter batches: the features of each view.
    /// - Returns: `nil` where the model has none.
    func familiarities(_ batches: [FeatureBatch]) -> [Double]? {
        guard let familiarity, let familiar = configuration.familiarity,
            let slot = configuration.views[familiar.view].layers.firstIndex(of: familiar.layer)
        else { return nil }
        return familiarity.distances(batches[familiar.view].means(slot: slot))
            .map(familiar.distances.share)
    }
}
