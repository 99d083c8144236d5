import Foundation
import Testing

@testable import Scoring

@Suite("Kernel ridge regression with a row left out")
struct KernelLeaveOneOutTests {
    @Test("the closed form is what fitting without the row gives")
    func closedForm() throws {
        let n = 9
        let points = (0..<n).map { Double(($0 * 5) % 9) / 4 }
        func kernel(_ rows: [Int]) -> [Double] {
            rows.flatMap { a in rows.map { b in exp(-pow(points[a] - points[b], 2)) } }
        }
        let targets = [points.map { sin($0) }, points.map { $0 > 1 ? 1.0 : 0 }]
        let all = try #require(KernelRidge(kernel(Array(0..<n)), n))
        let ridge = all.leastLeaveOneOutError(targets).ridge
        let found = all.leaveOneOut(targets)
        for row in 0..<n {
            let others = (0..<n).filter { $0 != row }
            let rest = try #require(KernelRidge(kernel(others), n - 1))
            for (target, values) in zip(targets, found) {
                let solution = rest.solve(others.map { target[$0] }, ridge: ridge)
                let expected = zip(others, solution.weights).reduce(solution.constant) {
                    $0 + $1.1 * exp(-pow(points[row] - points[$1.0], 2))
                }
                #expect(abs(values[row] - expected) < 1e-9)
            }
        }
    }
}
