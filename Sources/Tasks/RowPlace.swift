/// Where a row of a task's files begins.
public struct RowPlace: Sendable, Hashable, Codable, CustomStringConvertible {
    /// Path of the file.
    public var file: String
    /// Line where the row begins, from 1, counted in line feeds.
    public var line: Int

    /// A place.
    public init(file: String, line: Int) {
        self.file = file
        self.line = line
    }

    /// `FILE:LINE`.
    public var description: String { "\(file):\(line)" }
}
