import Foundation
import Metrics
import Support
import Tasks

/// Reading `config.json`, which may come from anyone.
extension ModelConfiguration {
    /// The most trained heads, replicas counted: as many as an ensemble of older formats had.
    static let maximumHeads = 1000
    /// The most views.
    private static let maximumViews = 64
    /// How far the sum of the weights may be from 1: decimal digits were cut off, no more.
    private static let weightTolerance = 1e-6
    /// Temperatures that leave something of the probabilities.
    private static let temperatures = 1e-3...1e3

    /// Reads and checks a `config.json` of format 2 to 7. What is older than 5 becomes one view and
    /// one member.
    /// - Throws: ``FileError``, ``ModelError``.
    public static func load(_ url: URL) throws -> ModelConfiguration {
        try StoredConfiguration(url).configuration
    }

    /// What is wrong, or `nil`.
    fileprivate var objection: String? {
        if let reason = targetObjection { return reason }
        if let positiveLabel, !labels.indices.contains(positiveLabel) {
            return "positiveLabel is \(positiveLabel), there are \(labels.count) labels"
        }
        // A comparison with NaN is false.
        if !Self.temperatures.contains(temperature) {
            return "temperature is \(temperature): expected \(Self.temperatures.lowerBound) to "
                + "\(Self.temperatures.upperBound)"
        }
        if !(1...Self.maximumViews).contains(views.count) {
            return "\(views.count) views: expected 1 to \(Self.maximumViews)"
        }
        if !(1...Self.maximumHeads).contains(members.count) {
            return "\(members.count) members: expected 1 to \(Self.maximumHeads)"
        }
        for (place, view) in views.enumerated() {
            if let reason = objection(view) { return at("views", place, views.count) + reason }
        }
        for (place, member) in members.enumerated() {
            if let reason = objection(member) {
                return at("members", place, members.count) + reason
            }
        }
        return familiarity.flatMap { objection($0) } ?? together
    }

    /// What is wrong with what tells familiar texts from others.
    private func objection(_ familiar: FamiliarTexts) -> String? {
        guard views.indices.contains(familiar.view) else {
            return "familiarity: view is \(familiar.view), there are \(views.count) views"
        }
        let layers = views[familiar.view].layers
        guard layers.contains(familiar.layer) else {
            return "familiarity: layer is \(familiar.layer), its view keeps \(layers)"
        }
        return familiar.distances.objection(in: 0...2.01)
            .map { "familiarity: \($0)" }
    }

    /// What is wrong with labels, thresholds and scale, which depend on what the model answers with.
    private var targetObjection: String? {
        let isKnown =
            switch formatVersion {
            case ..<Self.targetVersion: target == nil
            case Self.targetVersion: target != nil
            default: true
            }
        if !isKnown {
            return
                "target is \(target.map { "`\($0.rawValue)`" } ?? "missing") in format \(formatVersion)"
        }
        switch target ?? .oneClass {
        case .oneClass, .labels:
            if !(2...100_000).contains(labels.count) { return "\(labels.count) labels" }
        case .number:
            if !labels.isEmpty { return "\(labels.count) labels: expected none beside a number" }
        }
        switch target {
        case nil: break
        case .oneClass: return "target is `class`: expected none in format \(formatVersion)"
        case .labels:
            guard let thresholds, thresholds.count == labels.count,
                thresholds.allSatisfy({ (0...1).contains($0) })
            else { return "thresholds: expected one from 0 to 1 for each label" }
        case .number:
            guard let scale, scale.mean.isFinite, scale.deviation.isFinite, scale.deviation > 0
            else { return "scale: expected a mean and a positive deviation" }
        }
        if target != .labels, thresholds != nil { return "thresholds without labels" }
        if target != .number, scale != nil { return "scale without a number" }
        return conformalObjection
    }

    /// What is wrong with scores of held-out rows.
    private var conformalObjection: String? {
        guard let conformal else { return nil }
        let range: ClosedRange<Double>
        switch target ?? .oneClass {
        case .oneClass: range = 0...1
        case .labels: return "conformal: expected none with several labels a text"
        case .number: range = 0...Double.greatestFiniteMagnitude
        }
        return conformal.objection(in: range).map { "conformal: \($0)" }
    }

    /// Where an objection belongs, if that needs to be said.
    private func at(_ list: String, _ place: Int, _ count: Int) -> String {
        count == 1 ? "" : "\(list)[\(place)]: "
    }

    private func objection(_ view: View) -> String? {
        if !Self.areLayers(view.layers) {
            return "layers is \(view.layers): expected ascending numbers"
        }
        if !(1...65_536).contains(view.width) { return "width is \(view.width)" }
        if !(1...1_000_000).contains(view.maximumLength) {
            return "maximumLength is \(view.maximumLength)"
        }
        return view.fineTuning.flatMap { objection($0, layers: view.layers) }
    }

    private func objection(_ member: Member) -> String? {
        guard views.indices.contains(member.view) else {
            return "view is \(member.view), there are \(views.count) views"
        }
        guard Self.areLayers(member.layers) else {
            return "layers is \(member.layers): expected ascending numbers"
        }
        let view = views[member.view]
        guard Set(member.layers).isSubset(of: view.layers) else {
            return "layers is \(member.layers), its view keeps \(view.layers)"
        }
        guard member.weight > 0, member.weight.isFinite else {
            return "weight is \(member.weight): expected a positive number"
        }
        guard (1...Self.maximumHeads).contains(member.replicas) else {
            return "replicas is \(member.replicas): expected 1 to \(Self.maximumHeads)"
        }
        return nil
    }

    /// What is wrong with the whole, where every part is sound.
    private var together: String? {
        if headCount > Self.maximumHeads {
            return "\(headCount) trained heads: expected at most \(Self.maximumHeads)"
        }
        let sum = members.reduce(0) { $0 + $1.weight }
        if abs(sum - 1) > Self.weightTolerance {
            return "the members' weights add up to \(sum): expected 1"
        }
        if let unread = views.indices.first(where: { view in
            !members.contains { $0.view == view }
        }) {
            return "views[\(unread)] is read by no member"
        }
        return tunedObjection
    }

    /// What is wrong with who reads fine-tuned encoder layers.
    private var tunedObjection: String? {
        let tuned = views.indices.filter { views[$0].fineTuning != nil }
        guard let place = tuned.first else { return nil }
        if tuned.count > 1 {
            return
                "views[\(place)] and views[\(tuned[1])] have fine-tuned encoder layers: expected "
                + "one such view"
        }
        if formatVersion < neededVersion {
            return "fine-tuned encoder layers "
                + (views.count > 1 ? "beside other views" : "with fineTuning.linear")
                + " in format \(formatVersion): expected formatVersion \(neededVersion)"
        }
        let readers = members.indices.filter { members[$0].view == place }
        if readers.count > 1 {
            return at("views", place, views.count)
                + "an ensemble cannot have fine-tuned encoder layers in common: expected one member "
                + "that reads them, found \(readers.count)"
        }
        let member = members[readers[0]]
        let name = at("members", readers[0], members.count)
        if member.replicas > 1 {
            return name + "replicas is \(member.replicas): expected 1, as an ensemble cannot have "
                + "fine-tuned encoder layers in common"
        }
        // What the graph reads is all that the view keeps.
        return member.layers == views[place].layers
            ? nil
            : name + "layers is \(member.layers): expected \(views[place].layers), as its view has"
    }

    private static func areLayers(_ layers: [Int]) -> Bool {
        !layers.isEmpty && layers.count <= 1001 && layers.allSatisfy((0...1000).contains)
            && !zip(layers, layers.dropFirst()).contains(where: { $0 >= $1 })
    }

    /// The graph reads the layer below those that were trained, and the lower ones that the head
    /// reads.
    private func objection(_ tuning: FineTuning, layers: [Int]) -> String? {
        guard Self.areLayers(tuning.headLayers) else {
            return "fineTuning.headLayers is \(tuning.headLayers): expected ascending numbers"
        }
        if let linear = tuning.linear, !Self.areLayers(linear.layers) {
            return "fineTuning.linear.layers is \(linear.layers): expected ascending numbers"
        }
        guard tuning.firstLayer >= 1, tuning.firstLayer <= tuning.lastLayer,
            tuning.readLayers.last == tuning.lastLayer
        else {
            return "fineTuning has layers \(tuning.firstLayer) to \(tuning.lastLayer) under heads "
                + "on \(tuning.readLayers)"
        }
        let base = tuning.firstLayer - 1
        let expected = tuning.readLayers.filter { $0 < base } + [base]
        guard layers == expected else {
            return "layers is \(layers): expected \(expected) below the fine-tuned ones"
        }
        return nil
    }
}

/// A `config.json` as it lies in a directory: the configuration, and how its tensors are named.
struct StoredConfiguration: Decodable {
    /// The versions that can be read.
    private static let versions = 2...ModelConfiguration.tuningVersion

    private(set) var configuration: ModelConfiguration
    private let version: Int

    /// Reads and checks it.
    /// - Throws: ``FileError``, ``ModelError``.
    init(_ url: URL) throws {
        let file = try MappedFile(url)
        func bad(_ reason: String) -> ModelError {
            .badConfiguration(path: url.path, reason: reason)
        }
        guard file.count <= 1 << 20 else { throw bad("larger than 1 MiB") }
        do {
            self = try JSONDecoder().decodeChecked(Self.self, from: Data(file.bytes))
        } catch let error as DecodingError {
            throw bad("not the configuration of a model: \(error.reason)")
        } catch let error as OldConfiguration.Objection {
            throw bad(error.reason)
        }
        if let reason = configuration.objection { throw bad(reason) }
    }

    private enum Key: CodingKey { case formatVersion }

    init(from decoder: any Decoder) throws {
        version = try decoder.container(keyedBy: Key.self).decode(Int.self, forKey: .formatVersion)
        guard Self.versions.contains(version) else {
            throw OldConfiguration.Objection(
                reason: "formatVersion is \(version): expected \(Self.versions.lowerBound) to "
                    + "\(Self.versions.upperBound)")
        }
        configuration =
            version >= ModelConfiguration.currentVersion
            ? try ModelConfiguration(from: decoder)
            : try OldConfiguration(from: decoder).configuration
    }

    /// The prefix of a trained head's tensor names in this directory.
    func prefix(member: Int, replica: Int) -> String {
        version < ModelConfiguration.currentVersion && configuration.headCount > 1
            ? "member.\(replica)." : configuration.prefix(member: member, replica: replica)
    }
}

/// `config.json` of the formats 2 to 4: one encoder, one genotype; with 3 came fine-tuned and
/// included encoders, with 4 ensembles, the heads of several seeds.
private struct OldConfiguration: Decodable {
    struct Objection: Error {
        let reason: String
    }

    /// Heads that an ensemble could have.
    private static let memberCounts = 2...ModelConfiguration.maximumHeads

    let task: String
    let encoder: ModelConfiguration.EncoderReference
    let layers: [Int]
    let fineTuning: ModelConfiguration.FineTuning?
    let pairing: Pairing
    let hasPairs: Bool
    let maximumLength: Int
    let genotype: String
    let labels: [TaskLabel]
    let positiveLabel: Int?
    let width: Int
    let members: Int?

    /// As a portfolio of one head.
    /// - Throws: ``Objection``.
    var configuration: ModelConfiguration {
        get throws {
            if let members, !Self.memberCounts.contains(members) {
                throw Objection(
                    reason: "members is \(members): expected \(Self.memberCounts.lowerBound) to "
                        + "\(Self.memberCounts.upperBound), or none for a single head")
            }
            return ModelConfiguration(
                task: task, encoder: encoder, layers: layers, pairing: pairing,
                hasPairs: hasPairs, maximumLength: maximumLength, genotype: genotype,
                labels: labels, positiveLabel: positiveLabel, width: width,
                replicas: members ?? 1, fineTuning: fineTuning)
        }
    }
}
