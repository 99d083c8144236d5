import Metrics

/// Minus the held-out squared error of kernel ridge regression with the output kernel: the batch is
/// split into two class-balanced halves, and each predicts the other's labels.
///
/// Each half chooses its ridge by its own leave-one-out error (``KernelRidge``), so no predicted
/// label influences it: noisy kernels want a large ridge, clean ones a small one.
///
/// Wide networks train like such regressions (Jacot et al. 2018; Lee et al. 2019), so this says how
/// well the head can learn these labels rather than how fast it learns anything.
struct KernelRegression: Proxy {
    let name = "ntk-regression"
    let summary = "minus the held-out error of kernel regression with the output kernel"
    let readsKernel = true

    func score(_ head: HeadEvaluation) throws -> Double {
        let n = head.exampleCount
        guard n >= 4 else {
            throw ScoringError.tooFewExamples(proxy: name, needed: 4, found: n)
        }
        let gram = head.outputGram
        let halves = split(head.targets.strata)
        var error = 0.0
        for (train, test) in [(halves.0, halves.1), (halves.1, halves.0)] {
            error += try heldOutError(gram, n, train, test, head.targets, head.classes)
        }
        return -error / Double(n)
    }

    /// Examples of every class go to the halves in turn.
    private func split(_ labels: [Int32]) -> ([Int], [Int]) {
        var halves: ([Int], [Int]) = ([], [])
        var turn = false
        for label in Set(labels).sorted() {
            for index in labels.indices where labels[index] == label {
                if turn { halves.1.append(index) } else { halves.0.append(index) }
                turn.toggle()
            }
        }
        return halves
    }

    /// Summed squared error against ``Targets/values(of:)``, which of classes are one-hot labels.
    private func heldOutError(
        _ gram: [Double], _ n: Int, _ train: [Int], _ test: [Int], _ targets: Targets,
        _ classes: Int
    ) throws -> Double {
        let m = train.count
        let kernel = train.flatMap { i in train.map { gram[i * n + $0] } }
        guard let regression = KernelRidge(kernel, m) else {
            throw ScoringError.nonFinite(proxy: name)
        }
        // For classes that are absent on one side there is a constant to predict, or nothing.
        let wanted = (0..<classes).map { targets.values(of: $0) }
        let known = wanted.map { values in train.map { values[$0] } }
        let ridge = regression.leastLeaveOneOutError(known).ridge
        var error = 0.0
        for output in 0..<classes {
            let solution = regression.solve(known[output], ridge: ridge)
            for index in test {
                var prediction = solution.constant
                for (place, other) in train.enumerated() {
                    prediction += solution.weights[place] * gram[index * n + other]
                }
                let miss = prediction - wanted[output][index]
                error += miss * miss
            }
        }
        return error
    }
}
