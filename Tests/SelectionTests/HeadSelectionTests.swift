import Foundation
import Heads
import Metrics
import Support
import TestSupport
import Testing
import Training

@testable import Selection

@Suite("Which model is exported")
struct HeadSelectionTests {
    @Test("a portfolio: exact fits with one replica, trained heads with three or more")
    func portfolio() throws {
        let scene = try TextScene()
        defer { scene.workspace.remove() }
        let notes = Notes()
        let heads = scene.heads(9)
        let found = try scene.select(heads, note: notes.add)
        let exported = found.exported
        #expect(exported.role == .portfolio && found.single.role == .single)
        #expect((1...8).contains(exported.members.count))
        #expect(abs(exported.members.reduce(0) { $0 + $1.weight } - 1) < 1e-12)
        for member in exported.members {
            let entry = member.entry
            // Dev, four folds and one on all rows; one fit to all rows for exact ones.
            #expect(entry.replicas.count == (entry.recipe.isDeterministic ? 1 : 6))
            #expect(entry.trials.count == 5)
        }
        // The funnel's five: two contestants, and one and two that left it. A head for each layer.
        #expect(
            found.entries.map(\.role) == [
                .contestant, .contestant, .tried, .tried, .tried, .linear, .linear, .linear,
            ])
        #expect(
            found.searched.count == 5 && found.searched.allSatisfy { heads.contains($0.genotype) })
        #expect(found.controls.map(\.role) == [.linear])
        #expect(exported.heldOut?.count == 64 && exported.curve.count >= exported.members.count)
        #expect(notes.all.count == 2 && notes.all[1].hasPrefix("held-out rows: "))

        // What it says of test is the members' mixture, with the temperature.
        let (model, members) = try exported.testPredictions(threads: 2)
        let again = try exported.testPredictions(threads: 1).model
        #expect(model.probabilities == again.probabilities && model.count == 24)
        let mixture = try Predictions(mixing: members, weights: exported.members.map(\.weight))
        #expect(model.probabilities == mixture.tempered(exported.temperature).probabilities)
        for (member, said) in zip(exported.members, members) {
            let each = try member.entry.testPredictions(threads: 1)
            #expect(each.count == member.entry.replicas.count)
            #expect(try said.probabilities == each.together.probabilities)
        }
        let additions = try exported.additions()
        #expect(additions.count == (exported.members.count > 1 ? exported.members.count : 0))
        #expect(
            exported.parameters
                == exported.members.reduce(0) { $0 + $1.entry.parameters * $1.entry.replicas.count }
        )
        #expect(scene.costs.factor(of: exported) > 1)
    }

    @Test("threads, a store and how many were kept or may be members change no training")
    func same() throws {
        var scene = try TextScene()
        defer { scene.workspace.remove() }
        let heads = scene.heads(9)
        func prints(_ found: SelectedHeads) -> [[Fingerprint]] {
            [found.entries, found.exported.members.map(\.entry), found.single.members.map(\.entry)]
                .map { $0.map(Fingerprint.init) }
        }
        let plain = try scene.select(heads, threads: 1)
        let directory = try Directory()
        defer { directory.remove() }
        for _ in 0..<2 {
            let found = try directory.withStore { try scene.select(heads, memo: $0) }
            #expect(prints(found) == prints(plain))
            #expect(found.exported.temperature == plain.exported.temperature)
            #expect(found.exported.members.map(\.weight) == plain.exported.members.map(\.weight))
        }
        scene.configuration.members = 2
        scene.configuration.keep = 3
        let other = try directory.withStore { try scene.select(heads, memo: $0) }
        #expect((1...2).contains(other.exported.members.count))
        for entry in other.entries
        where plain.entries.contains(where: {
            $0.genotype == entry.genotype && $0.role == entry.role && entry.role != .tried
        }) {
            #expect(prints(plain)[0].contains(Fingerprint(entry)))
        }
    }

    @Test("the best head by itself: its best seed, or all seeds together")
    func single() throws {
        var scene = try TextScene()
        defer { scene.workspace.remove() }
        let heads = scene.heads(6)
        let portfolio = try scene.select(heads, competing: false)
        scene.configuration.exportsSingle = true
        let one = try scene.select(heads, competing: false)
        #expect(one.exported.role == .single && one.exported.members.count == 1)
        #expect(
            Fingerprint(one.exported.members[0].entry)
                == Fingerprint(portfolio.single.members[0].entry))
        let entry = one.exported.members[0].entry
        #expect(entry.replicas.count == 1 && entry.trials.count == 5)
        #expect(try one.exported.curve.isEmpty && one.exported.additions().isEmpty)
        // All entries that were tried, and no other is better on held-out rows.
        let tried = one.entries.filter { $0.role == .contestant }
        #expect(tried[Entry.ranking(tried)[0]].genotype == entry.genotype)

        scene.configuration.averagesSeeds = true
        let all = try scene.select(heads, competing: false).exported.members[0].entry
        #expect(all.replicas.count == 3 && all.genotype == entry.genotype)
        let dev = all.replicas.map { ClassificationMetrics($0.dev) }
        let best = entry.replicas[0].parameters.storage.array
        let place = try #require(
            all.replicas.firstIndex { $0.parameters.storage.array == best })
        #expect(dev.allSatisfy { $0.accuracy <= dev[place].accuracy })
        scene.configuration.seeds = 2
        #expect(
            try scene.select(heads, competing: false).exported.members[0].entry.replicas.count == 2)
    }

    @Test("a linear head by itself is fitted to all rows, as the control is")
    func exactSingle() throws {
        var scene = try TextScene()
        defer { scene.workspace.remove() }
        scene.configuration.exportsSingle = true
        // Trained for too short to be as good.
        scene.configuration.training.epochs = 1
        let found = try scene.select(scene.heads(2))
        let entry = found.exported.members[0].entry
        let control = found.controls[0].members[0].entry
        #expect(entry.role == .linear && control.role == .linear)
        let exact = LinearHeads(contest: scene.contest, key: scene.key.child("linear"))
        for head in [entry, control] {
            #expect(head.replicas.count == 1)
            let expected = try exact.refitted(head).replicas[0].parameters.storage.array
            #expect(head.replicas[0].parameters.storage.array == expected)
            #expect(
                expected
                    != found.entries.first { $0.genotype == head.genotype }?.replicas[0]
                    .parameters.storage.array)
        }
    }

    @Test("a head that the user gave is exported by itself, however good linear heads are")
    func given() throws {
        var scene = try TextScene()
        defer { scene.workspace.remove() }
        scene.configuration.controls = .full
        scene.configuration.keep = 1
        let head = scene.heads(1)
        let found = try scene.select(head, isGiven: true, competing: false)
        #expect(found.exported.role == .single)
        #expect(found.exported.members.map(\.entry.genotype) == head)
        #expect(found.controls.map(\.role) == [.linear, .mlp])
        #expect(found.entries.map(\.role) == [.contestant, .linear, .mlp])
    }

    @Test("other training configurations are tried for the head that does best on held-out rows")
    func tuning() throws {
        var scene = try TextScene()
        defer { scene.workspace.remove() }
        scene.configuration.tuning = 2
        scene.configuration.keep = 3
        scene.configuration.funnel = 3
        // All are contestants, in the order given; the best one is the last.
        let heads = scene.heads(3)
        let contest = scene.contest
        let tried = try contest.tried(
            heads.map { contest.entry(.contestant, $0) }, stageName: "heads")
        let order = Entry.ranking(tried).reversed().map { heads[$0] }
        let found = try scene.select(Array(order))
        let variants = found.entries.filter { $0.role == .tuning }
        #expect(variants.count == 2 && Set(variants.map(\.recipe)).count == 2)
        #expect(variants.allSatisfy { $0.genotype == order[2] })
        let base = Recipe.adamW(scene.configuration.training)
        #expect(variants.allSatisfy { $0.recipe != base && $0.trials.count == 5 })
    }

    @Test("where dev alone is enough a member is trained with further seeds, an exact fit is not")
    func members() throws {
        var scene = try SelectionScene(train: 60, dev: 2000)
        let contest = scene.contest()
        #expect(contest.parts == 1)
        let entry = try contest.tried(
            [contest.entry(.contestant, scene.heads(1)[0])], stageName: "heads")[0]
        #expect(entry.trials.count == 1 && entry.replicas.count == 1)
        let (member, second) = try contest.members([entry], stageName: "seeds")[0]
        #expect(member.replicas.count == 3 && contest.replicas(of: entry) == 3)
        // Another start each. The first that comes to it has not seen dev, so that it can say how much trainings
        // differ; the next is trained on dev as well.
        #expect(Set(member.replicas.map { $0.parameters.storage.array }).count == 3)
        let everything = contest.trainings.everything
        #expect(contest.trainings.views[0][everything].train.count == 2060)
        let further = try contest.trainings.train(
            [contest.job(entry, part: 0, seed: 1), contest.job(entry, part: everything, seed: 1)],
            contest.key, stageName: "plain")
        #expect(second?.probabilities == further[0]?.dev.probabilities)
        #expect(
            member.replicas.map { $0.parameters.storage.array }
                == (entry.replicas + further.compactMap { $0 }).map { $0.parameters.storage.array })
        // A head by itself keeps dev, which its seeds are compared on.
        let alone = try contest.alone(entry, together: true, stageName: "alone")
        let seeds = try contest.trainings.train(
            [0, 1, 2].map { contest.job(entry, part: 0, seed: $0) }, contest.key,
            stageName: "plain")
        #expect(
            alone.replicas.map { $0.parameters.storage.array }
                == seeds.map { $0?.parameters.storage.array })
        let best = try contest.alone(entry, together: false, stageName: "alone")
        #expect(best.replicas.count == 1 && best.chosenFrom == 3)
        scene.configuration.seeds = 5
        let more = scene.contest()
        #expect(more.replicas(of: entry) == 6)
        #expect(try more.members([entry], stageName: "seeds")[0].entry.replicas.count == 6)
        let linear = try LinearHeads(contest: contest, key: scene.key).run(competing: true)[0]
        #expect(contest.replicas(of: linear) == 1)
    }

    @Test("options out of range are refused by their names")
    func options() {
        func refusal(_ change: (inout SelectionConfiguration) -> Void) -> String {
            var configuration = SelectionConfiguration()
            change(&configuration)
            let error = #expect(throws: BadOption.self) { try configuration.check() }
            return error?.description ?? ""
        }
        #expect(refusal { $0.keep = 0 }.contains("--keep"))
        #expect(refusal { $0.funnel = 11 }.contains("--funnel"))
        for members in [0, 101] { #expect(refusal { $0.members = members }.contains("--members")) }
        for cost in [0.99, -1, .infinity, .nan] {
            #expect(refusal { $0.largestCost = cost }.contains("--max-cost"))
        }
        #expect(refusal { $0.epochs = 0 }.contains("epochs"))
        #expect(refusal { $0.training.learningRate = 0 }.contains("learning rate"))
        #expect(refusal { $0.training.batchSize = 0 }.contains("batch size"))
        #expect(refusal { $0.tuning = -1 }.contains("--tune"))
        #expect(refusal { $0.seeds = 0 }.contains("--seeds"))
        #expect(throws: Never.self) { try SelectionConfiguration().check() }
    }
}
