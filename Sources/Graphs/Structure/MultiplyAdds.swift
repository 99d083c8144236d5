extension Graph {
    /// Multiply-adds of one forward pass over a batch.
    ///
    /// Counted are products that are summed: linear layers, both products of attention,
    /// convolutions (zero padding included), weighted sums, and one per element for the scale and
    /// shift of layer norm and ``Primitive/affine(scale:shift:)``. Activations, softmax, means and
    /// look-ups are not.
    public func multiplyAdds(_ batch: Batch) -> Int {
        var total = 0
        for node in nodes {
            let elements = batch.rowCount(node.space) * node.width
            switch node.primitive {
            case .linear: total += elements * nodes[node.inputs[0]].width
            case .layerNorm, .affine: total += elements
            case .attention(_, let source):
                for sequence in 0..<batch.sequenceCount {
                    let keys = batch.length(batch.source(of: sequence, source))
                    total += 2 * batch.length(sequence) * keys * node.width
                }
            case .relativeAttention(_, let terms):
                for sequence in 0..<batch.sequenceCount {
                    let keys = batch.length(sequence)
                    let products = 2 * keys + (terms.productCount - 1) * (2 * keys - 1)
                    total += keys * products * node.width
                }
            case .depthwiseConvolution(_, _, let kernel): total += elements * kernel
            case .attentionPool: total += batch.tokenCount * node.width
            case .mix: total += elements * node.inputs.count
            case .input, .embedding, .activation, .unfold, .pool, .segment, .binary, .concatenate,
                .dropout:
                break
            }
        }
        return total
    }
}

extension Batch {
    /// Rows of a sequence.
    fileprivate func length(_ sequence: Int) -> Int {
        Int(offsets[sequence + 1] - offsets[sequence])
    }
}
