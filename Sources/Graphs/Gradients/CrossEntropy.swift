import CKernels

/// The softmax cross entropy of logits `[examples, classes]`.
public enum CrossEntropy {
    /// Losses, `[examples]`, and their gradients with respect to the logits, each example's own
    /// (nothing is divided by the number of examples).
    ///
    /// - Parameters:
    ///   - weights: a factor for each example's loss, or `nil`.
    ///   - smoothing: the share of the target that is spread evenly over the classes
    ///     (Szegedy et al. 2016, section 7).
    public static func evaluate(
        logits: UnsafePointer<Float>, labels: [Int32], classes: Int, weights: [Float]? = nil,
        smoothing: Float = 0
    ) -> (losses: [Float], gradients: [Float]) {
        precondition(labels.allSatisfy { $0 >= 0 && Int($0) < classes }, "a label out of range")
        var losses = [Float](repeating: 0, count: labels.count)
        var gradients = [Float](repeating: 0, count: labels.count * classes)
        knas_cross_entropy(
            Int64(labels.count), Int64(classes), logits, labels, weights, smoothing, &losses,
            &gradients)
        return (losses, gradients)
    }
}
