import Foundation
import Support

/// One of several equal shares of a list of work, as `I/N`: every N-th piece, starting at the I-th.
public struct Shard: Sendable, Hashable, CustomStringConvertible {
    /// The number of the share, from 1.
    public let index: Int
    /// Total number of shares.
    public let count: Int

    /// The whole list.
    public static let whole = Shard(index: 1, count: 1)

    private init(index: Int, count: Int) {
        self.index = index
        self.count = count
    }

    /// - Returns: `nil` unless the text is `I/N` with I from 1 to N.
    public init?(_ text: String) {
        let numbers = text.split(separator: "/", omittingEmptySubsequences: false)
        guard numbers.count == 2, let index = Int(numbers[0]), let count = Int(numbers[1]),
            count <= 1_000_000, index >= 1, index <= count
        else { return nil }
        self.init(index: index, count: count)
    }

    /// As on the command line: `index/count`.
    public var description: String { "\(index)/\(count)" }

    /// Whether the piece at an index, from 0, belongs to this share.
    public func contains(_ place: Int) -> Bool { place % count == index - 1 }
}
