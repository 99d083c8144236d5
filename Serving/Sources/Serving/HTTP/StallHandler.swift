import NIOCore

/// Ends a connection whose client does not take its answer while the server waits to stop: nothing is being worked on.
final class StallHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    /// How long a client may take nothing.
    private let patience: TimeAmount
    /// Whether the client has taken something since the last look.
    private var hasMoved = false

    init(patience: TimeAmount) { self.patience = patience }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent { look(context, isFirst: true) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        hasMoved = true
        context.fireChannelWritabilityChanged()
    }

    private func look(_ context: ChannelHandlerContext, isFirst: Bool = false) {
        guard context.channel.isActive else { return }
        if !isFirst, !hasMoved, !context.channel.isWritable {
            return context.close(promise: nil)
        }
        hasMoved = false
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: patience) {
            let (handler, context) = bound.value
            handler.look(context)
        }
    }
}
