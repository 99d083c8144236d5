import Encoders
import Foundation
import Graphs
import Heads
import Support
import Tensors
import Training

/// Model directories: `config.json`, `head.safetensors`, what tells familiar texts from others
/// (`familiarity.safetensors`), the tokenizer, and a model card.
///
/// The tensors of all heads lie in the one file; where there are several, `member.K.replica.R.`
/// comes before their names. The first encoder's tokenizer lies beside them, that of another
/// encoder in `view-N/`, N the number from 1 of the first view that it makes.
///
/// A model with fine-tuned encoder layers also has `encoder.safetensors` with the tensors that
/// changed, under the checkpoint's names, and the encoder's configuration as `encoder.json`; where the
/// model has other views both lie in `view-N/` of the view with these layers. A model that needs nothing
/// else has the whole encoder in `encoder/`, and others in `view-N/encoder/`: with the fine-tuned layers
/// where nothing but these is read, else unchanged beside them.
public enum ModelDirectory {
    static let weightsName = "head.safetensors"
    static let configurationName = "config.json"
    static let encoderWeightsName = "encoder.safetensors"
    static let encoderConfigurationName = "encoder.json"
    static let encoderDirectoryName = "encoder"

    /// Writes a model; the directory appears whole or not at all.
    /// - Parameters:
    ///   - encoders: for each view of the model the encoder that makes it.
    ///   - card: the text of `README.md`.
    ///   - includesEncoder: whether the whole encoders are written too.
    /// - Throws: ``FileError``, ``TensorError``, ``EncoderError``.
    /// - Precondition: there are as many encoders as views.
    public static func save(
        _ model: Model, encoders: [Encoder], card: String, includesEncoder: Bool = false,
        to url: URL
    ) throws {
        precondition(encoders.count == model.configuration.views.count, "an encoder for each view")
        try AtomicFile.writeDirectory(url) { directory in
            let configuration = try writeEncoders(
                model, encoders, includesEncoder: includesEncoder, to: directory)
            try AtomicFile.write(
                try JSONEncoder.readable.encode(configuration),
                to: directory.appendingPathComponent(configurationName))
            try SafetensorsWriter.write(
                headEntries(model), metadata: ["format": "pt"],
                to: directory.appendingPathComponent(weightsName))
            try FamiliarityFile.write(model.familiarity, to: directory)
            try AtomicFile.write(card, to: directory.appendingPathComponent("README.md"))
        }
    }

    /// The model's tensors: the heads' under their names in the graph, those of fine-tuned encoder
    /// layers under the checkpoint's.
    static func entries(_ model: Model) -> [SafetensorsEntry] {
        headEntries(model) + encoderEntries(model)
    }

    private static func headEntries(_ model: Model) -> [SafetensorsEntry] {
        model.members.enumerated().flatMap { place, member in
            let own = headParameters(member.graph, member.unfrozen)
            return member.replicas.enumerated().flatMap { replica, parameters in
                let prefix = model.configuration.prefix(member: place, replica: replica)
                return own.map { parameter in
                    SafetensorsEntry(
                        name: prefix + parameter.name, shape: parameter.shape,
                        floats: parameters.values(parameter.name) ?? [])
                }
            }
        }
    }

    /// Whether a directory looks like a model's.
    public static func isModel(_ url: URL) -> Bool {
        FileManager.default.fileExists(
            atPath: url.appendingPathComponent(configurationName).path)
    }

    /// A model's directory: the one given, or `model` in it where that is a run's.
    /// - Throws: ``FileError``.
    public static func find(_ url: URL) throws -> URL {
        let inside = url.appendingPathComponent("model", isDirectory: true)
        if let place = [url, inside].first(where: isModel) { return place }
        let expected = "a run or a model directory"
        _ = try FileError.names(in: url, expected: expected)
        throw FileError.notReadable(path: url.relativePath, reason: "expected \(expected)")
    }

    /// Reads a model.
    /// - Throws: ``FileError``, ``ModelError``, ``TensorError``, ``EncoderError``.
    public static func load(_ url: URL) throws -> Model {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory) else {
            throw FileError.missing(path: url.path)
        }
        let place = url.appendingPathComponent(configurationName)
        let stored = try StoredConfiguration(place)
        let configuration = stored.configuration
        let heads = try configuration.members.indices.map { try head($0, configuration, place) }
        let file = try SafetensorsFile(url.appendingPathComponent(weightsName))
        let familiarity = try FamiliarityFile.read(configuration, from: url)
        let files = EncoderFiles(url, configuration)
        let graphs = try heads.enumerated().map { member, head in
            guard let files, configuration.members[member].view == files.place else {
                return MemberGraph(head.space.graph(of: head.genotype))
            }
            return MemberGraph(try files.graph(head.genotype, head.space, path: place.path))
        }
        try checkSize(graphs.map(\.graph), [file] + (try files.map { [try $0.open()] } ?? []))
        let sets = try parameters(stored, graphs, file)
        for (own, set) in zip(graphs, sets) {
            if let unfrozen = own.unfrozen {
                try files?.read(unfrozen, of: own.graph, into: set[0])
            }
        }
        return Model(
            configuration: configuration,
            members: zip(graphs, sets).map {
                Model.Member(graph: $0.graph, replicas: $1, unfrozen: $0.unfrozen)
            }, familiarity: familiarity)
    }

    /// A member's graph, and the encoder layers in it.
    private struct MemberGraph {
        let graph: Graph
        let unfrozen: UnfrozenLayers?

        init(_ graph: Graph) { (self.graph, unfrozen) = (graph, nil) }

        init(_ tuned: FineTuneGraph) { (graph, unfrozen) = (tuned.graph, tuned.unfrozen) }
    }

    /// A member's genotype and the space that it is from.
    private static func head(
        _ place: Int, _ configuration: ModelConfiguration, _ url: URL
    ) throws -> (genotype: Genotype, space: SearchSpace) {
        let space = SearchSpace(context: configuration.context(ofMember: place))
        do {
            return (try space.genotype(configuration.members[place].genotype), space)
        } catch let error as GenotypeError {
            throw ModelError.badConfiguration(
                path: url.path,
                reason: (configuration.members.count > 1 ? "members[\(place)]: " : "")
                    + error.description)
        }
    }

    /// The numbers of all replicas of all members; those of encoder layers are left to the caller.
    ///
    /// One after the other: a configuration that promises more heads than there are fails at the
    /// first that is missing, before memory is allocated for the rest.
    private static func parameters(
        _ stored: StoredConfiguration, _ graphs: [MemberGraph], _ file: SafetensorsFile
    ) throws -> [[ParameterSet]] {
        func bad(_ reason: String) -> ModelError {
            .badWeights(path: file.url.path, reason: reason)
        }
        var known: Set<String> = []
        let sets = try graphs.enumerated().map { place, member in
            let own = headParameters(member.graph, member.unfrozen)
            return try (0..<stored.configuration.members[place].replicas).map { replica in
                let prefix = stored.prefix(member: place, replica: replica)
                let set = ParameterSet(member.graph)
                for parameter in own {
                    let name = prefix + parameter.name
                    let values = try file.floats(name, expecting: parameter.shape)
                    guard values.allSatisfy(\.isFinite) else {
                        throw bad("tensor '\(name)' has values that are not finite")
                    }
                    set.set(parameter.name, values)
                    known.insert(name)
                }
                return set
            }
        }
        if let extra = file.names.first(where: { !known.contains($0) }) {
            throw bad("tensor '\(extra)' does not belong to the head")
        }
        return sets
    }
}
