import Logging

/// Says in the log once that something is no longer where it was, and once that it is back.
struct PresenceLog {
    /// What it is, e.g. `model directory`.
    let what: String
    let logger: Logger
    var metadata: Logger.Metadata = [:]
    private var isGone = false

    init(_ what: String, _ logger: Logger, _ metadata: Logger.Metadata = [:]) {
        self.what = what
        self.logger = logger
        self.metadata = metadata
    }

    /// - Parameter fault: why it cannot be read now, `nil` where it can.
    mutating func note(_ fault: String?) {
        guard isGone != (fault != nil) else { return }
        isGone.toggle()
        // At one level: whoever hears of the one hears of the other.
        if let fault {
            logger.warning(
                "the \(what) cannot be read",
                metadata: metadata.merging(["reason": "\(fault)"]) { $1 })
        } else {
            logger.warning("the \(what) is back", metadata: metadata)
        }
    }
}
