import ArgumentParser
import Encoders
import Foundation
import Support

/// Offers to install an encoder that a command needs, where somebody can answer.
enum EncoderOffer {
    /// Runs a command; where its encoder is not installed but can be, asks, installs it, and runs the
    /// command again.
    /// - Throws: what the command throws; the encoder's error where there is no terminal, or the answer
    ///   is no.
    static func running(_ command: () throws -> Void) throws {
        do {
            try command()
        } catch let error as EncoderError {
            guard case .notInstalled(let name, _, let suggestion) = error,
                EncoderInstaller.names.contains(name), suggestion == name,
                StandardStreams.canAsk
            else { throw error }
            let answer = StandardStreams.ask(
                "The encoder \(name) is not installed. Install it now? [y/N] ")
            guard ["y", "yes"].contains(answer?.lowercased() ?? "") else { throw error }
            _ = try EncoderInstaller.install(name, as: nil) { text in
                StandardStreams.diagnose("knas: \(text.safeForTerminal)\n")
            }
            try command()
        }
    }
}
