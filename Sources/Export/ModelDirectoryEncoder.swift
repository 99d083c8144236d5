import CKernels
import Encoders
import Foundation
import Graphs
import Heads
import Support
import Tensors
import Tokenization
import Training

/// What a model directory holds of its encoders.
extension ModelDirectory {
    /// The directory of a view's encoder: inside the model's own if it says so, otherwise where an
    /// encoder of its digest was seen on this machine, or by name.
    /// - Throws: ``EncoderError/notInstalled(name:directory:suggestion:)``, ``FileError``.
    private static func encoderDirectory(
        ofView view: Int, _ configuration: ModelConfiguration, at url: URL
    ) throws -> URL {
        let encoder = configuration.views[view].encoder
        return encoder.isIncluded == true
            ? home(ofView: view, in: url).appendingPathComponent(encoderDirectoryName)
            : try EncoderPlaces.directory(ofDigest: encoder.digest)
                ?? EncoderStore.find(encoder.name)
    }

    /// Opens the encoder of each view, each distinct one once, and checks that they are those that
    /// the model was made on.
    /// - Parameters:
    ///   - directory: the encoder's directory, if not where the model says; only for a model on one
    ///     encoder.
    ///   - preparing: whether the views' hidden states will be computed, so weights are prepared
    ///     while vocabularies are read: `Encoder(directory:preparing:)`.
    /// - Throws: ``ModelError/otherEncoder(path:name:expected:found:)``,
    ///   ``ModelError/severalEncoders(path:names:)``, ``EncoderError``, ``FileError``,
    ///   ``TensorError``.
    public static func openEncoders(
        of configuration: ModelConfiguration, at url: URL, directory: URL? = nil,
        preparing: Bool = false
    ) throws -> [Encoder] {
        let places = configuration.encoderPlaces
        let distinct = Set(places).sorted()
        if directory != nil, distinct.count > 1 {
            throw ModelError.severalEncoders(
                path: url.path, names: distinct.map { configuration.views[$0].encoder.name })
        }
        let directories = try distinct.map { place in
            try directory ?? encoderDirectory(ofView: place, configuration, at: url)
        }
        let opened = try Parallel.map(count: distinct.count, threads: distinct.count) { index, _ in
            let place = distinct[index]
            // Views with fewer layers read the same numbers.
            let layers = configuration.views.indices.filter { places[$0] == place }
                .map { configuration.views[$0].layers }.max { $0.last! < $1.last! }
            let encoder = try Encoder(
                directory: directories[index], preparing: preparing ? layers : nil)
            try configuration.views[place].check(encoder, path: url.path)
            return encoder
        }
        let byPlace = Dictionary(uniqueKeysWithValues: zip(distinct, opened))
        return places.map { byPlace[$0]! }
    }

    /// Where the files of a view's encoder lie: those of the first view beside the model's own.
    fileprivate static func home(ofView view: Int, in url: URL) -> URL {
        view == 0 ? url : url.appendingPathComponent("view-\(view + 1)")
    }

    /// Parameters of a graph that are not the encoder's.
    static func headParameters(_ graph: Graph, _ unfrozen: UnfrozenLayers?) -> [Parameter] {
        let encoder = unfrozen?.parameterIndices ?? []
        return graph.parameters.enumerated().filter { !encoder.contains($0.offset) }.map(\.element)
    }

    /// The tensors of fine-tuned encoder layers.
    static func encoderEntries(_ model: Model) -> [SafetensorsEntry] {
        zip(model.configuration.members, model.members).flatMap { own, member in
            guard let unfrozen = member.unfrozen,
                let tuning = model.configuration.views[own.view].fineTuning
            else { return [SafetensorsEntry]() }
            return unfrozen.tensors(
                of: member.replicas[0], member.graph, prefix: tuning.weightPrefix)
        }
    }

    /// Refuses a graph that is larger than its files before memory is allocated for it: a few words
    /// of `config.json` can ask for any number of weights.
    static func checkSize(_ graphs: [Graph], _ files: [SafetensorsFile]) throws {
        var floats = 0.0
        for file in files {
            for name in file.names { floats += Double(try file.info(name).count) }
        }
        for graph in graphs {
            let wanted = graph.parameters.reduce(0.0) { sum, parameter in
                sum + parameter.shape.reduce(1.0) { $0 * Double($1) }
            }
            guard wanted <= floats else {
                throw ModelError.badWeights(
                    path: files[0].url.path,
                    reason: "the model has \(wanted) weights, its files hold \(floats)")
            }
        }
    }

    /// Writes what a model needs from its encoders, tokenizers among it; returns the configuration
    /// that describes it.
    static func writeEncoders(
        _ model: Model, _ encoders: [Encoder], includesEncoder: Bool, to directory: URL
    ) throws -> ModelConfiguration {
        var configuration = model.configuration
        let places = configuration.encoderPlaces
        let entries = encoderEntries(model)
        for place in Set(places).sorted() {
            let home = home(ofView: place, in: directory)
            try FileError.createDirectory(home)
            try TokenizerLoader.copy(from: encoders[place].directory, to: home)
            guard includesEncoder else {
                EncoderPlaces.remember(encoders[place])
                for view in places.indices where places[view] == place {
                    configuration.views[view].encoder.isIncluded = nil
                }
                continue
            }
            let target = home.appendingPathComponent(encoderDirectoryName)
            let own = places.indices.filter { places[$0] == place }
            // Heads on the frozen encoder read its weights as they were.
            let isTuned = own.count == 1 && configuration.views[place].fineTuning != nil
            try encoders[place].write(replacing: isTuned ? entries : [], to: target)
            let digest = try Encoder(directory: target).digest
            for view in own {
                configuration.views[view].encoder.digest = digest
                configuration.views[view].encoder.isIncluded = true
            }
        }
        if let view = configuration.overlaidView {
            let home = overlay(ofView: view, configuration, in: directory)
            try FileError.createDirectory(home)
            try SafetensorsWriter.write(
                entries,
                metadata: [
                    "format": "pt", "encoder_digest": configuration.views[view].encoder.digest,
                ], to: home.appendingPathComponent(encoderWeightsName))
            try FileManager.default.copyItem(
                at: encoders[view].directory.appendingPathComponent(configurationName)
                    .resolvingSymlinksInPath(),
                to: home.appendingPathComponent(encoderConfigurationName))
        }
        return configuration
    }

    /// Where the fine-tuned layers of a view lie: beside the model's own files where it has no other view.
    fileprivate static func overlay(
        ofView view: Int, _ configuration: ModelConfiguration, in url: URL
    ) -> URL {
        configuration.views.count == 1 ? url : url.appendingPathComponent("view-\(view + 1)")
    }
}

extension ModelConfiguration {
    /// The view with fine-tuned encoder layers, if there is one.
    var tunedView: Int? { views.firstIndex { $0.fineTuning != nil } }

    /// The same where these layers lie by themselves: the encoder is somewhere else, or other views read it
    /// unchanged.
    fileprivate var overlaidView: Int? {
        guard let place = tunedView else { return nil }
        let digest = views[place].encoder.digest
        let isShared = views.count { $0.encoder.digest == digest } > 1
        return views[place].encoder.isIncluded == true && !isShared ? nil : place
    }
}

extension ModelConfiguration.View {
    /// Checks that an encoder is the one that the view was made by.
    /// - Parameter path: of the model or the encoder, for the message.
    /// - Throws: ``ModelError/otherEncoder(path:name:expected:found:)``.
    func check(_ encoder: Encoder, path: String) throws {
        guard encoder.digest == self.encoder.digest else {
            throw ModelError.otherEncoder(
                path: path, name: self.encoder.name, expected: self.encoder.digest,
                found: encoder.digest)
        }
    }
}

/// The files of fine-tuned encoder layers in a model directory.
struct EncoderFiles {
    /// The index of the view that has them.
    let place: Int
    private let weights: URL
    private let configurationURL: URL
    private let view: ModelConfiguration.View
    private let tuning: ModelConfiguration.FineTuning
    /// Whether the file with the layers' weights holds the whole encoder.
    private let isWhole: Bool

    /// `nil` for a model without fine-tuned layers.
    init?(_ url: URL, _ configuration: ModelConfiguration) {
        guard let place = configuration.tunedView,
            let tuning = configuration.views[place].fineTuning
        else { return nil }
        self.place = place
        self.tuning = tuning
        view = configuration.views[place]
        isWhole = configuration.overlaidView == nil
        if isWhole {
            let directory = ModelDirectory.home(ofView: place, in: url)
                .appendingPathComponent(ModelDirectory.encoderDirectoryName)
            weights = directory.appendingPathComponent(SafetensorsCollection.fileName)
            configurationURL = directory.appendingPathComponent(ModelDirectory.configurationName)
        } else {
            let directory = ModelDirectory.overlay(ofView: place, configuration, in: url)
            weights = directory.appendingPathComponent(ModelDirectory.encoderWeightsName)
            configurationURL = directory.appendingPathComponent(
                ModelDirectory.encoderConfigurationName)
        }
    }

    /// - Throws: ``ModelError``, ``EncoderError``, ``FileError``.
    /// - Parameter path: of the configuration, for messages.
    func graph(
        _ genotype: Genotype, _ space: SearchSpace, path: String
    ) throws -> FineTuneGraph {
        let encoder = try EncoderConfiguration.load(configurationURL)
        guard encoder.hiddenSize == view.width else {
            throw ModelError.badConfiguration(
                path: configurationURL.path,
                reason: "hidden_size is \(encoder.hiddenSize), the model's width is \(view.width)")
        }
        let linear = try tuning.linear.map { part in
            let own = space.reading(layers: part.layers)
            do {
                return FineTuneGraph.Head(try own.genotype(part.genotype), in: own)
            } catch let error as GenotypeError {
                throw ModelError.badConfiguration(
                    path: path, reason: "fineTuning.linear: \(error.description)")
            }
        }
        do {
            return try FineTuneGraph(
                FineTuneGraph.Head(genotype, in: space), beside: linear, encoder: encoder,
                unfreezing: tuning.firstLayer...tuning.lastLayer, dropout: 0)
        } catch let error as EncoderError where error.kind == .usage {
            // What would be wrong usage of an option is a fault of the file here.
            throw ModelError.badConfiguration(
                path: path, reason: "fineTuning: \(error.description)")
        }
    }

    /// The file with the layers' weights.
    /// - Throws: ``FileError``, ``TensorError``.
    func open() throws -> SafetensorsFile { try SafetensorsFile(weights) }

    /// - Throws: ``EncoderError``, ``TensorError``, ``FileError``, ``ModelError``.
    func read(
        _ unfrozen: UnfrozenLayers, of graph: Graph, into parameters: ParameterSet
    ) throws {
        let file = try open()
        try unfrozen.read(
            file, prefix: tuning.weightPrefix, allowsOthers: isWhole, into: parameters, graph)
        if let digest = file.metadata["encoder_digest"], digest != view.encoder.digest {
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
