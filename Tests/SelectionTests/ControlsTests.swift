import Heads
import Metrics
import Support
import TestSupport
import Testing

@testable import Selection

@Suite("Controls")
struct ControlsTests {
    private func run(
        _ scene: TextScene, budget: Double, isGiven: Bool = false, competing: Bool = true,
        everyLayer: (@Sendable () throws -> Ground)? = nil
    ) throws -> (models: [SelectedModel], trained: [Entry]) {
        let contest = scene.contest
        let controls = Controls(
            contest: contest, costs: scene.costs, limits: scene.limits, isGiven: isGiven,
            everyLayer: everyLayer, funnel: 3, key: scene.key)
        let exact = LinearHeads(contest: contest, key: scene.key)
        let linear = try exact.run(competing: competing)
        let mlp = try controls.mlp()
        return try controls.run(
            linear: linear, mlp: mlp, others: competing ? linear + mlp : [], budget: budget,
            step: PortfolioStep(
                contest: contest, linear: exact, costs: scene.costs, key: scene.key))
    }

    @Test("quick ones are a linear head and an MLP, as people use them; none is the linear head")
    func quick() throws {
        var scene = try TextScene()
        defer { scene.workspace.remove() }
        for (choice, roles) in [
            (ControlChoice.none, [Role.linear]), (.quick, [.linear, .mlp]),
        ] {
            scene.configuration.controls = choice
            let (models, trained) = try run(scene, budget: 1e12)
            #expect(models.map(\.role) == roles && trained.isEmpty)
            for model in models {
                #expect(model.members.count == 1 && model.members[0].weight == 1)
                #expect(model.members[0].entry.replicas.count == 1 && model.temperature == 1)
                #expect(model.heldOut?.count == 64)
            }
        }
    }

    @Test("random search costs no more than the search did, in multiply-adds")
    func budget() throws {
        var scene = try TextScene()
        defer { scene.workspace.remove() }
        scene.configuration.controls = .full
        let rows = scene.contest.rowsOfTrials
        // 48 rows with dev held out, then four times 36 and the 16 of dev, three epochs each.
        #expect(rows == 3 * (48 + 4 * (36 + 16)))
        func spent(_ entries: [Entry]) -> Double {
            entries.reduce(0) { $0 + scene.costs.trainings($1.genotype, rows: rows) }
        }
        let budget = scene.heads(10).reduce(0) { $0 + scene.costs.trainings($1, rows: rows) }
        let (models, trained) = try run(scene, budget: budget)
        let random = trained.filter { $0.role == .randomContestant }
        #expect(!random.isEmpty && spent(random) <= budget)
        #expect(random.allSatisfy { $0.trials.count == 5 && $0.isSound })
        #expect(Set(random.map(\.genotype)).count == random.count)
        #expect(
            models.map(\.role) == [.linear, .mlp, .linearPortfolio, .random, .randomFunnel])
        // Twice the budget begins with the same heads.
        let more = try run(scene, budget: 2 * budget).trained.filter {
            $0.role == .randomContestant
        }
        #expect(more.count > random.count && spent(more) <= 2 * budget)
        #expect(more.prefix(random.count).map(\.genotype) == random.map(\.genotype))

        // As many heads as the search's funnel had, of which two are kept.
        #expect(trained.count { $0.role == .funnelContestant } == 2)
        #expect(trained.count { $0.role == .funnelTried } == 1)
        for model in models[2...] {
            #expect(!model.curve.isEmpty && model.heldOut?.count == 64)
            for member in model.members {
                #expect(
                    member.entry.recipe.isDeterministic
                        ? member.entry.replicas.count == 1 : member.entry.replicas.count >= 3)
            }
        }
        #expect(models[2].members.allSatisfy { $0.entry.role == .linear })
    }

    @Test("random search reads layers that the search does not, and its members answer on them")
    func everyLayer() throws {
        var scene = try TextScene()
        defer { scene.workspace.remove() }
        scene.configuration.controls = .full
        let prepared = scene.prepared
        let layers = prepared.views[0].layers
        #expect(layers.count > 1)
        // The search reads the highest layer, random search all.
        let every = Ground(
            trainings: scene.trainings(), costs: scene.costs, limits: scene.limits,
            test: scene.splits.test)
        let narrow = try TextScene(layers: [layers.count - 1])
        defer { narrow.workspace.remove() }
        var search = narrow
        search.configuration.controls = .full
        let budget = scene.heads(12).reduce(0) {
            $0 + scene.costs.trainings($1, rows: scene.contest.rowsOfTrials)
        }
        let (models, trained) = try run(search, budget: budget, everyLayer: { every })
        let random = trained.filter { $0.role == .randomContestant }
        #expect(Set(random.flatMap(\.reading.headLayers)).count > 1)
        let others = trained.filter { $0.role != .randomContestant }
        #expect(Set(others.flatMap(\.reading.headLayers)) == [layers.count - 1])
        let model = try #require(models.first { $0.role == .random })
        let (answers, members) = try model.testPredictions(threads: 1)
        #expect(answers.count == 24 && members.count == model.members.count)
        #expect(
            model.costs != nil
                && models.filter { $0.role != .random }.allSatisfy { $0.costs == nil })
    }

    @Test("a budget too small for any head leaves what else there is, or nothing")
    func small() throws {
        var scene = try TextScene()
        defer { scene.workspace.remove() }
        scene.configuration.controls = .full
        let (models, trained) = try run(scene, budget: 1)
        #expect(!trained.contains { $0.role == .randomContestant })
        let random = try #require(models.first { $0.role == .random })
        #expect(random.members.allSatisfy { [.linear, .mlp].contains($0.entry.role) })
        let alone = try run(scene, budget: 1, competing: false).models
        #expect(!alone.contains { $0.role == .random })
        #expect(alone.contains { $0.role == .randomFunnel })
    }

    @Test("a head that the user gave is compared with no random ones")
    func given() throws {
        var scene = try TextScene()
        defer { scene.workspace.remove() }
        scene.configuration.controls = .full
        let (models, trained) = try run(scene, budget: 1e12, isGiven: true, competing: false)
        #expect(models.map(\.role) == [.linear, .mlp] && trained.isEmpty)
    }
}
