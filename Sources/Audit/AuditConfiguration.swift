import Foundation
import Selection
import Support

/// Choices of an audit.
public struct AuditConfiguration: Sendable {
    /// Where rows come from, and the encoders that read them.
    public var input: InputConfiguration
    /// Texts that have this share of their character shingles in common are near-duplicates
    /// (Jaccard's similarity of the sets).
    public var similarity = 0.8
    /// Whether labels are judged, which needs an encoder; duplicates and leakage are found without.
    public var judgesLabels = true
    /// The seed of everything random.
    public var seed: UInt64 = 1
    /// Threads; the findings do not depend on it.
    public var threads = Parallel.availableThreads

    /// This project's standard choices.
    public init(task: URL) { input = InputConfiguration(task: task) }

    /// - Throws: `BadOption`.
    func check() throws {
        try input.check()
        try require(
            similarity >= 0.5 && similarity <= 1, "--similarity", similarity, "0.5 to 1")
        try require((1...1024).contains(threads), "--threads", threads, "1 to 1024")
    }
}
