import Encoders
import Graphs

extension Model {
    /// What an answer costs, compared with an encoder alone: the multiply-adds of all encoder passes
    /// and all trained heads, divided by those of the encoder passes of the cheapest view that the
    /// model uses.
    ///
    /// A view's passes are those over all sequences of an example, two where the texts of a pair are
    /// encoded separately, through the layers up to the highest that its heads read. One head on one
    /// view costs little more than 1; a second view costs at least as much again. Layers that were
    /// fine-tuned count as the encoder's: beside heads on the frozen encoder they cost a second pass.
    /// ``Graph/multiplyAdds(_:)`` says what is counted; nothing is run.
    ///
    /// - Parameters:
    ///   - encoders: for each view the configuration of its encoder.
    ///   - lengths: for each view the tokens of every sequence of an example, e.g. the means over a
    ///     training set.
    /// - Throws: ``EncoderError`` for an encoder that does not have the layers.
    /// - Precondition: both lists are as long as the list of views, and there is a positive length for
    ///   every segment of a view.
    public func costFactor(encoders: [EncoderConfiguration], lengths: [[Int]]) throws -> Double {
        let views = configuration.views
        precondition(encoders.count == views.count && lengths.count == views.count)
        let heads = members.enumerated().reduce(0.0) { sum, member in
            let view = configuration.members[member.offset].view
            let batch = Batch(
                lengths: lengths[view], segments: configuration.segments(ofView: view))
            let own = member.element.graph.multiplyAdds(batch)
            return sum + Double(own) * Double(member.element.replicas.count)
        }
        func passes(_ view: Int, through layer: Int?) throws -> Double {
            let layers = layer.map { [$0] } ?? views[view].layers
            return Double(
                try encoders[view].graph(layers: layers)
                    .multiplyAdds(Batch(lengths: lengths[view], segments: 1)))
        }
        let run = try configuration.passes.reduce(0.0) {
            try $0 + passes($1.views[0], through: $1.layers.last)
        }
        let alone = try views.indices.map {
            try passes($0, through: views[$0].fineTuning?.lastLayer)
        }
        return (run + heads) / (alone.min() ?? 1)
    }
}
