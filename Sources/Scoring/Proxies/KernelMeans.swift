/// The mean of the loss kernel, `mean_ij <g_i, g_j>`, which is the squared norm of the mean gradient:
/// one backward pass gives it (Xu et al., ICML 2021, eq. 6), or the kernel where another proxy needs
/// that.
struct MeanGram: Proxy {
    let name = "mgm"
    let summary = "mean of the gradient kernel of the loss (Xu et al. 2021)"

    func score(_ head: HeadEvaluation) -> Double { head.meanLossGram }
}

/// The mean of the output kernel, `mean_ij N_ij`.
struct MeanOutputGram: Proxy {
    let name = "mgm-output"
    let summary = "mean of the gradient kernel of the logits"
    let readsKernel = true

    func score(_ head: HeadEvaluation) -> Double {
        let gram = head.outputGram
        return gram.reduce(0, +) / Double(gram.count)
    }
}

/// The mean cosine between per-example gradients, `mean_ij K_ij / sqrt(K_ii K_jj)`.
struct MeanCosineGram: Proxy {
    let name = "mgm-cosine"
    let summary = "mean cosine between the gradients of examples"
    let readsKernel = true

    func score(_ head: HeadEvaluation) -> Double {
        let gram = head.lossGram
        let n = head.exampleCount
        var sum = 0.0
        for i in 0..<n {
            for j in 0..<n {
                let scale = (gram[i * n + i] * gram[j * n + j]).squareRoot()
                // A gradient of zero points nowhere: its cosines count as zero.
                if scale > 0 { sum += gram[i * n + j] / scale }
            }
        }
        return sum / Double(n * n)
    }
}
