import ArgumentParser
import Encoders

@main
struct KNASCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "knas", subcommands: [EncoderCommand.self])
}

struct EncoderCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "encoder", subcommands: [Install.self])
    struct Install: ParsableCommand {
        @Argument var source: String = EncoderStore.defaultName
        func run() throws {
            print(try EncoderInstaller.install(source, log: { print($0) }).path)
        }
    }
}
