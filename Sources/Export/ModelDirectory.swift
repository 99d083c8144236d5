import Encoders
import Foundation
import Graphs
import Heads
import Support
import Tensors
import Tokenization
import Training

/// A trained head, or several that answer together, with everything needed to run on its encoder.
public struct Model: Sendable {
    public let configuration: ModelConfiguration
    /// Of each member.
    public let graph: Graph
    /// The numbers of each member; only one except in ensembles (``Ensemble``).
    public let members: [ParameterSet]
    /// The encoder layers in the graph, where some were fine-tuned.
    public let unfrozen: UnfrozenLayers?

    public init(
        configuration: ModelConfiguration, graph: Graph, parameters: ParameterSet,
        unfrozen: UnfrozenLayers? = nil
    ) {
        self.configuration = configuration
        self.graph = graph
        members = [parameters]
        self.unfrozen = unfrozen
    }

    /// A model whose probabilities are the mean of its members'; with one member it is that head
    /// alone.
    /// - Precondition: there is at least one member; each is laid out for `graph`, which has no
    ///   encoder layers.
    public init(
        configuration: ModelConfiguration, graph: Graph, ensemble members: [ParameterSet]
    ) {
        precondition(!members.isEmpty, "an ensemble has at least one member")
        var configuration = configuration
        configuration.members = members.count > 1 ? members.count : nil
        if members.count > 1 { configuration.formatVersion = 4 }
        self.configuration = configuration
        self.graph = graph
        self.members = members
        unfrozen = nil
    }

    /// The weights of the first member.
    public var parameters: ParameterSet { members[0] }
}

/// Model directories: `config.json`, `head.safetensors`, the tokenizer, and a model card.
///
/// The tensors of an ensemble's members lie in the one file, with `member.K.` before their names.
///
/// A model with fine-tuned encoder layers also has `encoder.safetensors` with the tensors that
/// changed, under the checkpoint's names, and the encoder's configuration as `encoder.json`; a
/// model that needs nothing else has the whole encoder in `encoder/` instead.
public enum ModelDirectory {
    static let weightsName = "head.safetensors"
    static let configurationName = "config.json"
    static let encoderWeightsName = "encoder.safetensors"
    static let encoderConfigurationName = "encoder.json"
    static let encoderDirectoryName = "encoder"

    /// Writes a model; the directory appears whole or not at all.
    /// - Parameters:
    ///   - card: the text of `README.md`.
    ///   - includesEncoder: whether the whole encoder is written too.
    /// - Throws: ``FileError``, ``TensorError``, ``EncoderError``.
    public static func save(
        _ model: Model, encoder: Encoder, card: String, includesEncoder: Bool = false, to url: URL
    ) throws {
        try AtomicFile.writeDirectory(url) { directory in
            let configuration = try writeEncoder(
                model, encoder, includesEncoder: includesEncoder, to: directory)
            try AtomicFile.write(
                try JSONEncoder.readable.encode(configuration),
                to: directory.appendingPathComponent(configurationName))
            try SafetensorsWriter.write(
                headEntries(model), metadata: ["format": "pt"],
                to: directory.appendingPathComponent(weightsName))
            try TokenizerLoader.copy(from: encoder.directory, to: directory)
            try AtomicFile.write(card, to: directory.appendingPathComponent("README.md"))
        }
    }

    /// The model's tensors: the head's under their names in the graph, those of fine-tuned encoder layers
    /// under the checkpoint's.
    static func entries(_ model: Model) -> [SafetensorsEntry] {
        headEntries(model) + encoderEntries(model)
    }

    private static func headEntries(_ model: Model) -> [SafetensorsEntry] {
        model.members.enumerated().flatMap { place, parameters in
            headParameters(model.graph, model.unfrozen).map { parameter in
                SafetensorsEntry(
                    name: Ensemble.prefix(place, of: model.members.count) + parameter.name,
                    shape: parameter.shape, floats: parameters.values(parameter.name) ?? [])
            }
        }
    }

    /// Reads a model.
    /// - Throws: ``FileError``, ``ModelError``, ``TensorError``, ``GenotypeError``.
    public static func load(_ url: URL) throws -> Model {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory) else {
            throw FileError.missing(path: url.path)
        }
        let configuration = try ModelConfiguration.load(
            url.appendingPathComponent(configurationName))
        let space = SearchSpace(context: configuration.context)
        let genotype: Genotype
        do {
            genotype = try space.genotype(configuration.genotype)
        } catch let error as GenotypeError {
            throw ModelError.badConfiguration(
                path: url.appendingPathComponent(configurationName).path,
                reason: error.description)
        }
        let layers = try EncoderFiles(url, configuration).map { files in
            (try files.graph(genotype, space, configuration), files)
        }
        let graph = layers?.0.graph ?? space.graph(of: genotype)
        let weightsURL = url.appendingPathComponent(weightsName)
        let file = try SafetensorsFile(weightsURL)
        try checkSize(graph, [file] + (layers.map { [try $0.1.open()] } ?? []))
        let headParameters = headParameters(graph, layers?.0.unfrozen)
        let prefixes = Ensemble.prefixes(configuration.members ?? 1)
        let known = Set(prefixes.flatMap { prefix in headParameters.map { prefix + $0.name } })
        if let extra = file.names.first(where: { !known.contains($0) }) {
            throw ModelError.badWeights(
                path: weightsURL.path, reason: "tensor '\(extra)' does not belong to the head")
        }
        // One after the other: a configuration that promises more members than there are fails at
        // the first that is missing, before memory is allocated for the rest.
        let members = try prefixes.map { prefix in
            let parameters = ParameterSet(graph)
            for parameter in headParameters {
                let name = prefix + parameter.name
                let values = try file.floats(name, expecting: parameter.shape)
                guard values.allSatisfy(\.isFinite) else {
                    throw ModelError.badWeights(
                        path: weightsURL.path,
                        reason: "tensor '\(name)' has values that are not finite")
                }
                parameters.set(parameter.name, values)
            }
            return parameters
        }
        guard let (fineTuned, files) = layers else {
            return Model(configuration: configuration, graph: graph, ensemble: members)
        }
        try files.read(fineTuned, configuration, into: members[0])
        return Model(
            configuration: configuration, graph: graph, parameters: members[0],
            unfrozen: fineTuned.unfrozen)
    }
}
