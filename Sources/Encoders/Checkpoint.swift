import Foundation
import Graphs
import Support
import Tensors

/// The weights of an encoder directory, with the prefix of the names in its checkpoint.
struct Checkpoint: Sendable {
    let tensors: any SafetensorsSource
    let prefix: String
    private let path: String

    /// - Throws: ``FileError``, ``TensorError``.
    init(directory: URL) throws {
        let tensors = try SafetensorsCollection(directory: directory)
        self.tensors = tensors
        path = directory.path
        let marker = "embeddings.word_embeddings.weight"
        prefix =
            tensors.names.first { $0.hasSuffix(marker) }.map {
                String($0.dropLast(marker.count))
            } ?? ""
    }

    /// Weights of some layers in a separate file.
    init(file: SafetensorsFile, prefix: String) {
        tensors = file
        path = file.url.path
        self.prefix = prefix
    }

    /// The numbers of a graph's parameters; embedding tables stay in the mapped file.
    /// - Throws: ``EncoderError/missingWeight(path:name:)`` or ``TensorError`` for a wrong shape.
    func parameters(_ graph: Graph, _ bindings: [WeightBinding]) throws -> ParameterSet {
        var external: [ParameterID: ExternalTensor] = [:]
        for binding in bindings where binding.isTable {
            external[binding.parameter] = try table(binding, graph)
        }
        let set = ParameterSet(graph, external: external)
        try fill(set, graph, bindings)
        return set
    }

    /// Sets the parameters that are not tables, by name.
    func fill(_ set: ParameterSet, _ graph: Graph, _ bindings: [WeightBinding]) throws {
        for binding in bindings where !binding.isTable {
            let parameter = graph.parameters[binding.parameter.index]
            var shape = parameter.shape
            shape[0] /= binding.sources.count
            let memory = set.memory(parameter.name)
            let part = memory.count / binding.sources.count
            for (place, source) in binding.sources.enumerated() {
                let range = place * part..<(place + 1) * part
                try tensors.floats(
                    try find(source), expecting: shape,
                    into: UnsafeMutableBufferPointer(rebasing: memory[range]))
            }
        }
    }

    private func table(_ binding: WeightBinding, _ graph: Graph) throws -> ExternalTensor {
        let shape = graph.parameters[binding.parameter.index].shape
        let name = try find(binding.sources[0])
        let (file, info) = try tensors.locate(name)
        guard info.shape == shape else {
            throw EncoderError.badConfiguration(
                path: path,
                reason: "'\(name)' has shape \(info.shape), config.json says \(shape)")
        }
        let bytes = try file.bytes(name)
        let element: ExternalTensor.Element? =
            switch info.dtype {
            case .float32: .float32
            case .float16: .float16
            case .bfloat16: .bfloat16
            default: nil
            }
        let size = element == .float32 ? 4 : 2
        if let element, let base = bytes.baseAddress, Int(bitPattern: base) % size == 0 {
            return ExternalTensor(address: base, element: element, owner: file)
        }
        // Not aligned, or of an uncommon type: copied.
        let copy = FloatStorage(try tensors.floats(name, expecting: shape))
        return ExternalTensor(
            address: UnsafeRawPointer(copy.pointer), element: .float32, owner: copy)
    }

    /// The name under which the checkpoint has a weight.
    /// - Throws: ``EncoderError/missingWeight(path:name:)``.
    func find(_ name: String) throws -> String {
        let full = prefix + name
        if tensors.contains(full) { return full }
        // Old checkpoints call the gain and bias of a layer norm gamma and beta.
        let old = full.replacingOccurrences(of: "LayerNorm.weight", with: "LayerNorm.gamma")
            .replacingOccurrences(of: "LayerNorm.bias", with: "LayerNorm.beta")
        if tensors.contains(old) { return old }
        throw EncoderError.missingWeight(path: path, name: name)
    }

    /// Checks that the weights have the sizes in the configuration, before memory is allocated for
    /// them.
    /// - Throws: ``EncoderError/missingWeight(path:name:)`` or ``TensorError`` for a wrong shape.
    func checkShapes(_ bindings: [WeightBinding], _ parameters: [Parameter]) throws {
        for binding in bindings {
            var shape = parameters[binding.parameter.index].shape
            shape[0] /= binding.sources.count
            for source in binding.sources {
                _ = try tensors.bytes(try find(source), expecting: shape)
            }
        }
    }

    /// - Throws: ``EncoderError/unusedWeights(path:names:)`` for weights that belong to another
    ///   architecture: computing without them would silently give wrong features.
    func checkUnused(_ bindings: [WeightBinding], isOptional: (String) -> Bool) throws {
        var used: Set<String> = []
        for source in bindings.flatMap(\.sources) { used.insert(try find(source)) }
        let unused = tensors.names.filter { name in
            guard !used.contains(name) else { return false }
            let bare = name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
            return !isOptional(bare) && !isOptional(name)
        }
        guard unused.isEmpty else {
            throw EncoderError.unusedWeights(path: path, names: unused.sorted())
        }
    }
}
