/// A moment by which work has to be done.
///
///     let deadline = Deadline(after: 60)
///     while !deadline.isPast { ... }
public struct Deadline: Sendable {
    private let clock = ContinuousClock()
    private let end: ContinuousClock.Instant

    /// - Parameter seconds: from now.
    public init(after seconds: Double) { end = clock.now + .seconds(seconds) }

    /// Seconds that are left; negative when the moment is past.
    public var remaining: Double { (end - clock.now).inSeconds }

    /// Whether nothing is left.
    public var isPast: Bool { remaining <= 0 }

    /// An earlier moment.
    public func earlier(by seconds: Double) -> Deadline { Deadline(after: remaining - seconds) }
}
