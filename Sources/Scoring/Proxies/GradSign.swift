/// Agreement of the examples' gradients in sign (Zhang and Jia, ICLR 2022, Algorithm 1):
/// `sum_k |sum_i sign(dL_i/dw_k)|`.
struct GradSign: Proxy {
    let name = "gradsign"
    let summary = "how far examples agree in the signs of their gradients (Zhang and Jia 2022)"

    func score(_ head: HeadEvaluation) -> Double {
        let n = head.exampleCount
        var total = 0
        head.exampleGradients { _, rows, width in
            for column in 0..<width {
                var sum = 0
                for example in 0..<n {
                    let value = rows[example * width + column]
                    sum += value > 0 ? 1 : value < 0 ? -1 : 0
                }
                total += abs(sum)
            }
        }
        return Double(total)
    }
}
