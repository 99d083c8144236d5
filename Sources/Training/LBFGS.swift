/// Limited-memory BFGS (Nocedal and Wright 2006, Algorithm 7.5) for smooth convex functions.
enum LBFGS {
    /// Number of pairs of steps and gradient changes that are kept.
    private static let memory = 10

    /// The minimiser.
    ///
    /// Stops when the largest gradient entry is below `tolerance`, when the line search finds no
    /// further decrease (the precision of float32), or after `maximumIterations`.
    ///
    /// - Parameter precondition: multiplies vectors like gradients by an estimate of the inverse Hessian;
    ///   where that is close, ten or twenty iterations do what takes hundreds without it.
    static func minimize(
        from start: [Float], maximumIterations: Int, tolerance: Float = 1e-5,
        precondition: ((inout [[Float]]) -> Void)? = nil,
        _ evaluate: ([Float]) -> (value: Double, gradient: [Float])
    ) -> [Float] {
        var x = start
        var (value, gradient) = evaluate(x)
        var steps: [[Float]] = []
        var changes: [[Float]] = []
        for _ in 0..<maximumIterations {
            if (gradient.map(abs).max() ?? 0) < tolerance { break }
            let direction = descent(gradient, steps, changes, precondition)
            let slope = dot(gradient, direction)
            guard slope < 0 else { break }
            var length: Float =
                steps.isEmpty && precondition == nil
                ? 1 / max(1, Float(dot(gradient, gradient).squareRoot())) : 1
            var next: (x: [Float], value: Double, gradient: [Float])?
            // Backtracking to Armijo's condition; steps of length one are nearly always accepted.
            for _ in 0..<30 {
                var candidate = x
                for index in candidate.indices { candidate[index] += length * direction[index] }
                let result = evaluate(candidate)
                if result.value <= value + 1e-4 * Double(length) * slope {
                    next = (candidate, result.value, result.gradient)
                    break
                }
                length /= 2
            }
            guard let next, next.value < value else { break }
            let step = zip(next.x, x).map { $0 - $1 }
            let change = zip(next.gradient, gradient).map { $0 - $1 }
            if dot(step, change) > 1e-12 {
                steps.append(step)
                changes.append(change)
                if steps.count > memory {
                    steps.removeFirst()
                    changes.removeFirst()
                }
            }
            (x, value, gradient) = (next.x, next.value, next.gradient)
        }
        return x
    }

    /// Minus the inverse Hessian's estimate times the gradient (the two-loop recursion).
    private static func descent(
        _ gradient: [Float], _ steps: [[Float]], _ changes: [[Float]],
        _ precondition: ((inout [[Float]]) -> Void)?
    ) -> [Float] {
        var q = gradient
        var alphas = [Double](repeating: 0, count: steps.count)
        for index in steps.indices.reversed() {
            alphas[index] = dot(steps[index], q) / dot(steps[index], changes[index])
            let factor = Float(alphas[index])
            for place in q.indices { q[place] -= factor * changes[index][place] }
        }
        // Both at once: a large estimate is read from memory for each call.
        var vectors = [q] + changes.suffix(1)
        precondition?(&vectors)
        q = vectors[0]
        if let step = steps.last, let change = changes.last {
            let scale = Float(dot(step, change) / dot(change, vectors[1]))
            for place in q.indices { q[place] *= scale }
        }
        for index in steps.indices {
            let beta = dot(changes[index], q) / dot(steps[index], changes[index])
            let factor = Float(alphas[index] - beta)
            for place in q.indices { q[place] += factor * steps[index][place] }
        }
        return q.map { -$0 }
    }

    private static func dot(_ a: [Float], _ b: [Float]) -> Double {
        var sum = 0.0
        for index in a.indices { sum += Double(a[index]) * Double(b[index]) }
        return sum
    }
}
