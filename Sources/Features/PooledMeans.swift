import CKernels

extension FeatureBatch {
    /// The mean hidden state of each example in one slot, over all tokens of all its segments' means:
    /// `[examples, width]`, row by row.
    public func means(slot: Int) -> [Float] {
        let segments = batch.segments
        var pooled = [Float](repeating: 0, count: batch.sequenceCount * width)
        knas_mean_pool(
            Int64(batch.sequenceCount), batch.offsets, Int64(width), batch.inputs[slot], &pooled)
        guard segments > 1 else { return pooled }
        var result = [Float](repeating: 0, count: batch.exampleCount * width)
        for example in 0..<batch.exampleCount {
            for segment in 0..<segments {
                let first = (example * segments + segment) * width
                for place in 0..<width {
                    result[example * width + place] += pooled[first + place] / Float(segments)
                }
            }
        }
        return result
    }
}

extension FeatureSet {
    /// Examples that are read at a time.
    private static let meansAtOnce = 64

    /// The mean hidden state of each example in one slot, as ``FeatureBatch/means(slot:)``.
    /// - Throws: `FileError` where features cannot be read.
    public func means(slot: Int) throws -> [Float] {
        var result: [Float] = []
        result.reserveCapacity(count * width)
        for piece in (0..<count).pieces(of: Self.meansAtOnce) {
            result += try batch(Array(piece), slots: [slot]).means(slot: slot)
        }
        return result
    }
}
