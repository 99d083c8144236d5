import Features
import Foundation
import Support

/// Made-up features whose classes differ in the mean of their first dimensions, so that heads can learn
/// them.
public enum SyntheticFeatures {
    /// - Parameters:
    ///   - noise: how much of a row has nothing to do with its class.
    ///   - copies: how often all examples stand there, one time after another.
    public static func make(
        examples: Int, width: Int = 16, segments: Int = 1, classes: Int = 2, noise: Float = 1,
        seed: UInt64 = 1, copies: Int = 1
    ) throws -> FeatureSet {
        var generator = RandomKey(seed: seed).child("synthetic").generator()
        var rows: [Float] = []
        var lengths: [Int] = []
        var labels: [Int32] = []
        for example in 0..<examples {
            let label = example % classes
            labels.append(Int32(label))
            for _ in 0..<segments {
                let length = 1 + generator.index(below: 6)
                lengths.append(length)
                for _ in 0..<length {
                    for column in 0..<width {
                        rows.append(
                            generator.uniform(bound: noise) + (column % classes == label ? 0.5 : 0))
                    }
                }
            }
        }
        let url = FileManager.default.temporaryDirectory
            .appendingPathComponent("knas-features-\(UUID().uuidString)")
        // The mapping outlives the name.
        defer { try? FileManager.default.removeItem(at: url) }
        func repeated<Element>(_ list: [Element]) -> [Element] {
            Array(repeatElement(list, count: copies).joined())
        }
        return try FeatureSet(
            storing: repeated(rows), lengths: repeated(lengths), width: width,
            segments: segments, labels: repeated(labels), at: url)
    }
}
