import Encoders
import Foundation
import Graphs
import Heads
import Support
import Tensors
import Tokenization

/// A trained head with all that is needed to run it on its encoder.
public struct Model: Sendable {
    public let configuration: ModelConfiguration
    public let graph: Graph
    public let parameters: ParameterSet

    public init(configuration: ModelConfiguration, graph: Graph, parameters: ParameterSet) {
        self.configuration = configuration
        self.graph = graph
        self.parameters = parameters
    }
}

/// Model directories: `config.json`, `head.safetensors`, the tokenizer, and a model card.
public enum ModelDirectory {
    static let weightsName = "head.safetensors"
    static let configurationName = "config.json"

    /// Writes a model; the directory appears whole or not at all.
    /// - Parameter card: the text of `README.md`.
    /// - Throws: ``FileError``, ``TensorError``.
    public static func save(_ model: Model, encoder: Encoder, card: String, to url: URL) throws {
        try AtomicFile.writeDirectory(url) { directory in
            let encoderJSON = JSONEncoder()
            encoderJSON.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            try AtomicFile.write(
                try encoderJSON.encode(model.configuration),
                to: directory.appendingPathComponent(configurationName))
            try SafetensorsWriter.write(
                entries(model), metadata: ["format": "pt"],
                to: directory.appendingPathComponent(weightsName))
            let vocabulary = try TokenizerLoader.modelFile(encoder.directory)
            try FileManager.default.copyItem(
                at: vocabulary.resolvingSymlinksInPath(),
                to: directory.appendingPathComponent(vocabulary.lastPathComponent))
            try AtomicFile.write(card, to: directory.appendingPathComponent("README.md"))
        }
    }

    /// The head's tensors under their names in the graph.
    static func entries(_ model: Model) -> [SafetensorsEntry] {
        model.graph.parameters.map { parameter in
            SafetensorsEntry(
                name: parameter.name, shape: parameter.shape,
                floats: model.parameters.values(parameter.name) ?? [])
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
        let graph = space.graph(of: genotype)
        let parameters = ParameterSet(graph)
        let weightsURL = url.appendingPathComponent(weightsName)
        let file = try SafetensorsFile(weightsURL)
        let known = Set(graph.parameters.map(\.name))
        if let extra = file.names.first(where: { !known.contains($0) }) {
            throw ModelError.badWeights(
                path: weightsURL.path, reason: "tensor '\(extra)' does not belong to the head")
        }
        for parameter in graph.parameters {
            let values = try file.floats(parameter.name, expecting: parameter.shape)
            guard values.allSatisfy(\.isFinite) else {
                throw ModelError.badWeights(
                    path: weightsURL.path,
                    reason: "tensor '\(parameter.name)' has values that are not finite")
            }
            parameters.set(parameter.name, values)
        }
        return Model(configuration: configuration, graph: graph, parameters: parameters)
    }
}
