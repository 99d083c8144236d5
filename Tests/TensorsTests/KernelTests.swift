import CKernels
import Foundation
import Testing

/// What the suites of the C kernels share: data, comparison and finite differences.
///
/// The suites compare every kernel with the plain formula in double precision, over sizes on both
/// sides of the vector widths, and every backward pass with central differences of that formula.
enum Kernels {
    static let sizes = [0, 1, 7, 16, 17, 384, 1000]

    /// Reproducible values, uniform in -scale ... scale.
    static func values(_ count: Int, seed: UInt64, scale: Double = 2) -> [Float] {
        var state = seed &* 0x9e37_79b9_7f4a_7c15 &+ 1
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float((Double(state >> 40) / 8_388_608 - 1) * scale)
        }
    }

    static func doubles(_ x: [Float]) -> [Double] { x.map(Double.init) }

    /// Expects |actual - expected| <= tolerance * max(1, |expected|) for each element.
    static func expectClose(
        _ actual: [Float], _ expected: [Double], tolerance: Double, _ what: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(actual.count == expected.count, sourceLocation: sourceLocation)
        var worst = 0.0
        var place = 0
        for (i, (a, e)) in zip(actual, expected).enumerated() {
            let error = abs(Double(a) - e) / max(1, abs(e))
            guard !(error <= worst) else { continue }
            worst = error
            place = i
            if error.isNaN { break }
        }
        #expect(
            worst <= tolerance, "\(what): error \(worst) at \(place) of \(actual.count)",
            sourceLocation: sourceLocation)
    }

    /// The gradient of `function` at `x` by central differences.
    static func gradient(
        at x: [Double], step: Double = 1e-5, of function: ([Double]) -> Double
    ) -> [Double] {
        var point = x
        return x.indices.map { i in
            point[i] = x[i] + step
            let above = function(point)
            point[i] = x[i] - step
            let below = function(point)
            point[i] = x[i]
            return (above - below) / (2 * step)
        }
    }

    static func dot(_ a: [Double], _ b: [Double]) -> Double {
        zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
    }

    static func sum(_ a: [Float], _ b: [Double]) -> [Double] {
        zip(a, b).map { Double($0) + $1 }
    }

    /// The distance of a float from the exact value, in units in the last place.
    static func ulps(_ actual: Float, _ exact: Double) -> Double {
        abs(Double(actual) - exact) / Double(Float(exact).ulp)
    }

    /// Offsets of sequences with the given numbers of rows.
    static func offsets(_ rows: [Int]) -> [Int64] {
        rows.reduce(into: [0]) { $0.append($0[$0.count - 1] + Int64($1)) }
    }
}
