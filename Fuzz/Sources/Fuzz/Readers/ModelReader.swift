import Export
import Foundation
import KNAS
import Mutations
import Support

extension Reader {
    /// Model directories: with the encoder inside, with fine-tuned layers, with an encoder elsewhere,
    /// of several heads.
    /// What is accepted classifies texts and pairs.
    static let model = Reader(
        name: "model", seeds: ModelSeeds.directories,
        tokens: [
            "{", "}", "[", "]", ",", ":", "\"", "null", "true", "false", "0", "65536", "100000",
            "\"layers\":[0]", "\"genotype\":", "\"feed-forward > \"", "\"width\":", "\"labels\":",
            "\"fineTuning\":", "\"views\":[", "\"members\":[", "\"weight\":0.5", "\"replicas\":2",
            "\"temperature\":", "1e-3", "\"view\":1", "member.0.replica.1.", "\"formatVersion\":4",
            "\"isIncluded\":true", "\"headLayers\":", "\"hasPairs\":true",
            "joint",
            "siamese", "../", "projection(width=full) > ", "self-attention > ", "/tmp", "..",
        ],
        // The encoder in `installed` is this machine's.
        isTarget: { !$0.hasPrefix("installed/") && $0 != "README.md" },
        repair: { name, bytes in
            if name.hasSuffix(".safetensors") { SafetensorsMaker.repair(&bytes) }
        },
        read: { directory in
            let installed = directory.appendingPathComponent("installed")
            let hasEncoder = FileManager.default.fileExists(atPath: installed.path)
            let model = directory.appendingPathComponent("model")
            // The head alone first, as an encoder with another digest ends the rest.
            let loaded = try ModelDirectory.load(model)
            let widths = loaded.members.map(\.graph.output.width)
            guard widths.allSatisfy({ $0 == loaded.configuration.labels.count }) else {
                throw Violation("\(widths) logits")
            }
            let classifier = try TextClassifier(
                contentsOf: model, encoder: hasEncoder ? installed : nil, threads: 1)
            let answers = try classifier.classify(
                Texts.all.map { .init($0, pair: classifier.takesPairs ? "the a" : nil) })
            guard answers.count == Texts.all.count else {
                throw Violation("\(answers.count) answers")
            }
        })
}
