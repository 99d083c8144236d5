import CKernels
import Encoders
import Foundation
import Graphs
import Heads
import Support
import Tensors
import Training

/// What a model directory holds of its encoder.
extension ModelDirectory {
    /// The directory of a model's encoder: inside the model's own if it says so, otherwise by name.
    /// - Throws: ``EncoderError/notInstalled(name:directory:suggestion:)``, ``FileError``.
    public static func encoderDirectory(
        of configuration: ModelConfiguration, at url: URL
    ) throws -> URL {
        configuration.encoder.isIncluded == true
            ? url.appendingPathComponent(encoderDirectoryName)
            : try EncoderStore.find(configuration.encoder.name)
    }

    /// Opens a model's encoder and checks that it is the one that the model was made on.
    /// - Parameters:
    ///   - directory: the encoder's directory, if not where the model says.
    ///   - layers: hidden states that will be computed: `Encoder(directory:preparing:)`.
    /// - Throws: ``ModelError/otherEncoder(path:name:expected:found:)``, ``EncoderError``,
    ///   ``FileError``, ``TensorError``.
    public static func openEncoder(
        of configuration: ModelConfiguration, at url: URL, directory: URL? = nil,
        preparing layers: [Int]? = nil
    ) throws -> Encoder {
        let reference = configuration.encoder
        let encoder = try Encoder(
            directory: try directory ?? encoderDirectory(of: configuration, at: url),
            preparing: layers)
        guard encoder.digest == reference.digest else {
            throw ModelError.otherEncoder(
                path: url.path, name: reference.name, expected: reference.digest,
                found: encoder.digest)
        }
        return encoder
    }

    /// Parameters of a graph that are not the encoder's.
    static func headParameters(_ graph: Graph, _ unfrozen: UnfrozenLayers?) -> [Parameter] {
        let encoder = Set(unfrozen.map { $0.parameters.values.flatMap { Array($0) } } ?? [])
        return graph.parameters.enumerated().filter { !encoder.contains($0.offset) }.map(\.element)
    }

    static func encoderEntries(_ model: Model) -> [SafetensorsEntry] {
        guard let unfrozen = model.unfrozen, let tuning = model.configuration.fineTuning else {
            return []
        }
        return unfrozen.tensors(of: model.parameters, model.graph, prefix: tuning.weightPrefix)
    }

    /// Refuses a graph that is larger than its files before memory is allocated for it: a few words
    /// of `config.json` can ask for any number of weights.
    static func checkSize(_ graph: Graph, _ files: [SafetensorsFile]) throws {
        var floats = 0.0
        for file in files {
            for name in file.names { floats += Double(try file.info(name).count) }
        }
        let wanted = graph.parameters.reduce(0.0) { sum, parameter in
            sum + parameter.shape.reduce(1.0) { $0 * Double($1) }
        }
        guard wanted <= floats else {
            throw ModelError.badWeights(
                path: files[0].url.path,
                reason: "the model has \(wanted) weights, its files hold \(floats)")
        }
    }

    /// Writes what a model needs from its encoder; returns the configuration that describes it.
    static func writeEncoder(
        _ model: Model, _ encoder: Encoder, includesEncoder: Bool, to directory: URL
    ) throws -> ModelConfiguration {
        var configuration = model.configuration
        let entries = encoderEntries(model)
        if includesEncoder {
            let target = directory.appendingPathComponent(encoderDirectoryName)
            try encoder.write(replacing: entries, to: target)
            configuration.encoder.digest = try Encoder(directory: target).digest
            configuration.encoder.isIncluded = true
        } else if !entries.isEmpty {
            try SafetensorsWriter.write(
                entries,
                metadata: ["format": "pt", "encoder_digest": configuration.encoder.digest],
                to: directory.appendingPathComponent(encoderWeightsName))
            try FileManager.default.copyItem(
                at: encoder.directory.appendingPathComponent(configurationName)
                    .resolvingSymlinksInPath(),
                to: directory.appendingPathComponent(encoderConfigurationName))
        }
        if configuration.fineTuning != nil || includesEncoder {
            configuration.formatVersion = max(configuration.formatVersion, 3)
        }
        return configuration
    }
}

/// The files of fine-tuned encoder layers in a model directory.
struct EncoderFiles {
    private let weights: URL
    private let configurationURL: URL
    private let tuning: ModelConfiguration.FineTuning
    private let isIncluded: Bool

    /// `nil` for a model without fine-tuned layers.
    init?(_ url: URL, _ configuration: ModelConfiguration) {
        guard let tuning = configuration.fineTuning else { return nil }
        self.tuning = tuning
        isIncluded = configuration.encoder.isIncluded == true
        if isIncluded {
            let directory = url.appendingPathComponent(ModelDirectory.encoderDirectoryName)
            weights = directory.appendingPathComponent(SafetensorsCollection.fileName)
            configurationURL = directory.appendingPathComponent(ModelDirectory.configurationName)
        } else {
            weights = url.appendingPathComponent(ModelDirectory.encoderWeightsName)
            configurationURL = url.appendingPathComponent(
                ModelDirectory.encoderConfigurationName)
        }
    }

    /// - Throws: ``ModelError``, ``EncoderError``, ``FileError``.
    func graph(
        _ genotype: Genotype, _ space: SearchSpace, _ configuration: ModelConfiguration
    ) throws -> FineTuneGraph {
        let encoder = try EncoderConfiguration.load(configurationURL)
        guard encoder.hiddenSize == configuration.width else {
            throw ModelError.badConfiguration(
                path: configurationURL.path,
                reason: "hidden_size is \(encoder.hiddenSize), the model's width is "
                    + "\(configuration.width)")
        }
        return try FineTuneGraph(
            genotype, in: space, encoder: encoder,
            unfreezing: tuning.firstLayer...tuning.lastLayer, dropout: 0)
    }

    /// The file with the layers' weights.
    /// - Throws: ``FileError``, ``TensorError``.
    func open() throws -> SafetensorsFile { try SafetensorsFile(weights) }

    /// - Throws: ``EncoderError``, ``TensorError``, ``FileError``, ``ModelError``.
    func read(
        _ fineTuned: FineTuneGraph, _ configuration: ModelConfiguration,
        into parameters: ParameterSet
    ) throws {
        let file = try open()
        try fineTuned.unfrozen.read(
            file, prefix: tuning.weightPrefix, allowsOthers: isIncluded, into: parameters,
            fineTuned.graph)
        if let digest = file.metadata["encoder_digest"], digest != configuration.encoder.digest {
            throw ModelError.badWeights(
                path: weights.path, reason: "made on another encoder than config.json says")
        }
        let storage = parameters.storage
        guard knas_all_finite(Int64(storage.count), storage.pointer) != 0 else {
            throw ModelError.badWeights(
                path: weights.path, reason: "it has values that are not finite")
        }
    }
}
