import Features
import Foundation
import Heads
import Support
import TestSupport

@testable import Selection

/// A task of a few made-up texts, read by a tiny encoder: all that a whole selection needs.
struct TextScene {
    let workspace: Workspace
    let prepared: Preparation
    let splits: ViewSplits
    let costs: AnswerCosts
    let limits: [HeadLimits]
    var configuration = SelectionConfiguration()
    let key = RandomKey(seed: 9)

    /// - Parameter layers: those that heads may read; `nil` for the standard.
    init(pairs: Bool = false, layers: [Int]? = nil) throws {
        workspace = try Workspace(pairs: pairs, train: 64, test: 24)
        var input = InputConfiguration(task: workspace.task)
        input.encoders = [workspace.encoder.path]
        var space = SpaceConfiguration()
        space.maximumBlocks = 1
        space.maximumParameters = 20_000
        let all = try Preparation(input, space, threads: 2, progress: nil, note: { _ in })
        prepared =
            layers.map { layers in
                Preparation(all.dataset, views: all.views.map { $0.reading(layers: layers) })
            } ?? all
        splits = try prepared.splits()
        costs = try AnswerCosts(prepared.views, train: splits.train)
        limits = space.limits(for: splits.train)
        configuration.training.epochs = 3
        configuration.funnel = 5
        configuration.keep = 2
        configuration.controls = .none
    }

    func trainings(threads: Int = 2, memo: TrainingMemo = .none) -> HeadTrainings {
        HeadTrainings(
            spaces: prepared.spaces,
            parts: HeldOutParts.views(
                train: splits.train, dev: splits.dev, trainsOnDev: true, key: key.child("parts")),
            threads: threads, progress: nil, memo: memo)
    }

    var contest: Contest {
        Contest(
            trainings: trainings(), configuration: configuration, test: splits.test,
            key: key.child("contest"))
    }

    /// Different heads within the limits, drawn at random.
    func heads(_ count: Int) -> [Genotype] {
        var generator = key.child("heads").generator()
        var heads: [Genotype] = []
        while heads.count < count {
            let head = prepared.spaces.sample(using: &generator)
            if !heads.contains(head), prepared.spaces.allow(head, limits: limits) {
                heads.append(head)
            }
        }
        return heads
    }

    /// Selects among heads, best first.
    func select(
        _ heads: [Genotype], isGiven: Bool = false, competing: Bool = true, threads: Int = 2,
        memo: TrainingMemo = .none, note: @escaping @Sendable (String) -> Void = { _ in }
    ) throws -> SelectedHeads {
        try HeadSelection(
            trainings(threads: threads, memo: memo), configuration, key: key, note: note
        ).run(
            heads, isGiven: isGiven, competing: competing, costs: costs, scoring: 1e6,
            limits: limits, test: splits.test, watch: Stopwatch())
    }
}
