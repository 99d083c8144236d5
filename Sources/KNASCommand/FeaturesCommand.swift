import ArgumentParser
import Encoders
import Features
import Foundation
import KNAS
import Scoring
import Support
import Tasks

struct FeaturesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "features", abstract: "Computes and caches the features of a task.",
        discussion: """
            The encoder's pass is split into blocks of about 33,000 tokens. With --shard I/N every N-th \
            block from the I-th is computed into a part; --merge combines the parts of all shards into \
            exactly what an undivided pass caches, byte for byte.

            \(contractOfParts)

            EXAMPLES
              knas features mrpc --data ~/MRPC --layers 8-12
              knas features mrpc --data ~/MRPC --shard 1/4 --output parts/features-1
              knas features mrpc --data ~/MRPC --merge parts/features-*
            """)
    @OptionGroup var task: TaskOptions
    @OptionGroup var encoder: EncoderOptions
    // Accepted so that one list of options serves all pieces of a search.
    @OptionGroup(visibility: .hidden) var choices: SearchChoices
    @Option(help: "Compute a share of the blocks: every N-th from the I-th, as I/N.")
    var shard: Shard?
    @Option(name: .shortAndLong, help: "The part to write with --shard; - is standard output.")
    var output: OutputPath?
    @Option(
        parsing: .upToNextOption,
        help: "Merge the parts of all shards into the cache, in any order.")
    var merge: [String] = []
    @Flag(help: "Show what the cache lacks; compute nothing.")
    var missing = false
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard (shard == nil) == (output == nil) else {
            throw ValidationError("--shard and --output must be given together")
        }
        guard [shard != nil, !merge.isEmpty, missing].filter(\.self).count < 2 else {
            throw ValidationError("--shard, --merge and --missing are mutually exclusive")
        }
    }

    func run() throws {
        let console = global.console
        try output?.check()
        // To know the layers, the task is read once more and shown then.
        let dataset = try task.load(self.encoder.layers == .automatic ? nil : console)
        let encoder = try Encoder(directory: EncoderStore.find(encoder.oneEncoder()))
            .computing(in: self.encoder.precision.precision)
        let cache = FeatureCache(encoder: encoder, threads: self.encoder.threads)
        let configuration = FeatureConfiguration(dataset, layers: try layers(encoder, console))
        guard shard != nil || !merge.isEmpty || missing else {
            return try fill(cache, dataset, configuration, console)
        }
        let parts = try FeatureParts(
            cache, splits: Split.allCases.map { dataset[$0] }, configuration,
            program: Version.current)
        if let shard, let output {
            let count = try parts.write(
                output.url, progress: console.progress, including: shard.contains)
            console.finish()
            try global.show(
                Written(blocks: count, part: output.url.path), besides: output,
                "\(count) of \(parts.blockCount) blocks in \(output.name)")
        } else if !merge.isEmpty {
            let count = try parts.merge(merge.map { URL(fileURLWithPath: $0) })
            try global.show(
                ["merged": count], "\(count) splits merged in \(cache.directory.path)")
        } else {
            let lacking = Lacking(
                blocks: parts.blockCount, missing: try parts.missingBlocks(), digest: parts.digest)
            try global.show(
                lacking, "\(lacking.missing) of \(lacking.blocks) blocks are not in the cache")
        }
    }

    /// The layers that a search with the same options reads.
    private func layers(_ encoder: Encoder, _ console: Console) throws -> [Int] {
        guard self.encoder.layers == .automatic else {
            return try self.encoder.layers.layers(of: encoder.configuration.layers)
        }
        var options = SearchOptions()
        options.task = task
        options.encoder = self.encoder
        options.choices = choices
        let run = output?.url ?? URL(fileURLWithPath: ".")
        return try console.pipeline(
            options.configuration(run: run, candidates: nil)
        ).layers()[0]
    }

    private struct Written: Encodable {
        let blocks: Int
        let part: String
    }

    private struct Lacking: Encodable {
        let blocks: Int
        let missing: Int
        /// Parts of the same digest belong together.
        let digest: String
    }

    private struct Summary: Encodable {
        var sequences: [String: Int] = [:]
        var tokens: [String: Int] = [:]
        var seconds = 0.0
    }

    /// The whole pass.
    private func fill(
        _ cache: FeatureCache, _ dataset: Dataset, _ configuration: FeatureConfiguration,
        _ console: Console
    ) throws {
        var summary = Summary()
        let start = Date()
        for split in Split.allCases {
            let features = try cache.features(
                of: dataset[split], configuration, targets: dataset.targets,
                progress: console.progress
            ) { console.note("rebuilding: \($0)") }
            summary.sequences[split.rawValue] = features.count * features.segments
            summary.tokens[split.rawValue] = (0..<features.count).reduce(0) {
                $0 + features.tokenCount($1)
            }
        }
        summary.seconds = Date().timeIntervalSince(start)
        console.finish()
        let lines = Split.allCases.map { split in
            "\(split.rawValue): \(summary.sequences[split.rawValue] ?? 0) sequences, "
                + "\(summary.tokens[split.rawValue] ?? 0) tokens\n"
        }
        try global.show(
            summary,
            lines.joined()
                + String(format: "%.1f s, cached in %@", summary.seconds, cache.directory.path))
    }
}
