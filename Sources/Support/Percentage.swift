import Foundation

extension Double {
    /// A fraction of 1 as a percentage with one decimal, e.g. `78.0%`.
    public var percentage: String { String(format: "%.1f%%", self * 100) }
}
