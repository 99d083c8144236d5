import Foundation
import NIOCore

/// Tells whoever works for a connection that the other side has gone.
///
/// A client that has sent its request and closes its half of the connection counts as gone: TCP does
/// not tell that from a client that was killed.
final class DepartureHandler: ChannelInboundHandler, RemovableChannelHandler, @unchecked Sendable {
    typealias InboundIn = NIOAny

    private let lock = NSLock()
    private var isGone = false
    private var action: (@Sendable () -> Void)?

    /// Calls `action` when the other side goes, at once where it has gone; `nil` for nothing more.
    func onDeparture(_ action: (@Sendable () -> Void)?) {
        let isLate = lock.withLock {
            self.action = action
            return isGone
        }
        if isLate { action?() }
    }

    private func depart() {
        let action = lock.withLock {
            isGone = true
            return self.action
        }
        action?()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed? = event as? ChannelEvent { depart() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        depart()
        context.fireChannelInactive()
    }
}
