import Encoders
import Features
import Foundation
import Heads
import Tasks

/// What heads of one kind read: an encoder, how it sees pairs, and which of its layers are kept.
public struct View: Sendable {
    /// Begins the text of the view's heads; `nil` where a search has only one view.
    public var name: String? { space.context.view }
    /// The name or path that the encoder was opened by.
    public let encoderName: String
    /// The frozen encoder.
    public let encoder: Encoder
    /// The features of the data set's splits; its configuration has pairing, layers and length.
    public let features: FeatureSource
    /// The heads that can be drawn.
    public let space: SearchSpace

    /// `joint` or `siamese`.
    public var pairing: Pairing { features.configuration.pairing }
    /// The hidden states that heads may read; 0 is the embeddings' output.
    public var layers: [Int] { space.context.layers }

    /// The same view with other layers.
    public func reading(layers: [Int]) -> View {
        View(
            encoderName: encoderName, encoder: encoder,
            features: features.reading(layers: layers), space: space.reading(layers: layers))
    }

    /// The same view of other rows.
    public func reading(_ dataset: Dataset) -> View {
        View(
            encoderName: encoderName, encoder: encoder, features: features.reading(dataset),
            space: space)
    }
}

/// The names of views, which are parts of the text of their heads.
enum ViewNames {
    /// `ENCODER/PAIRING` for each view, only `ENCODER` where texts are single.
    ///
    /// - Parameters:
    ///   - encoders: names or paths; of a path, the last component counts.
    ///   - pairings: empty where texts are single.
    /// - Returns: for each encoder, one name for each pairing; all different.
    static func list(encoders: [String], pairings: [Pairing]) -> [[String]] {
        var taken: Set<String> = []
        return encoders.map { encoder in
            let plain = short(encoder)
            var name = plain
            var number = 2
            while !taken.insert(name).inserted {
                name = "\(plain)-\(number)"
                number += 1
            }
            return pairings.isEmpty ? [name] : pairings.map { "\(name)/\($0.rawValue)" }
        }
    }

    /// The last component of a path, without what has a meaning in the text of a head or its files.
    private static func short(_ encoder: String) -> String {
        String(
            URL(fileURLWithPath: encoder).lastPathComponent
                .map { $0.isLetter || $0.isNumber || "._-+".contains($0) ? $0 : "-" })
    }
}
