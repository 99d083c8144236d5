import Encoders
import Foundation
import Testing

/// The default encoder, which `make test` installs. Tests on real weights need it; where
/// `KNAS_REQUIRE_ENCODER` is set (as `make test` does) they fail rather than being skipped.
enum InstalledEncoder {
    static var isWanted: Bool {
        EncoderStore.installed().contains(EncoderStore.defaultName)
            || ProcessInfo.processInfo.environment["KNAS_REQUIRE_ENCODER"] != nil
    }

    static func open() throws -> Encoder {
        try Encoder(directory: EncoderStore.find(EncoderStore.defaultName))
    }

    static func fixture(_ name: String) -> URL {
        Bundle.module.resourceURL!.appendingPathComponent("Fixtures/\(name)")
    }
}
