import Support
import Tensors
import Testing

@Suite("Cholesky's factorisation")
struct CholeskyTests {
    @Test("solutions put back into the system give the right-hand sides", arguments: [1, 2, 7, 64])
    func solves(order: Int) throws {
        var generator = RandomKey(seed: 5).child(order).generator()
        let a = (0..<(2 * order * order)).map { _ in generator.uniform(bound: 1) }
        let rows = FloatStorage(a)
        let matrix = FloatStorage(count: order * order)
        BLAS.multiplyByOwnTranspose(
            rows.pointer, .transposed, strideA: order, into: matrix.pointer, strideC: order,
            n: order,
            k: 2 * order)
        for row in 0..<order { matrix.pointer[row * order + row] += 1 }
        let kept = matrix.copy()
        let sides = (0..<(3 * order)).map { _ in generator.uniform(bound: 1) }
        let solution = FloatStorage(sides)
        let cholesky = try #require(Cholesky(overwriting: matrix, order: order))
        cholesky.solve(solution.pointer, count: 3)
        for side in 0..<3 {
            for row in 0..<order {
                var sum = 0.0
                for column in 0..<order {
                    let (high, low) = (max(row, column), min(row, column))
                    sum +=
                        Double(kept.pointer[high * order + low])
                        * Double(solution.pointer[side * order + column])
                }
                #expect(abs(sum - Double(sides[side * order + row])) < 1e-3)
            }
        }
    }

    @Test("a matrix that is not positive definite, or not finite, has none")
    func indefinite() {
        #expect(Cholesky(overwriting: FloatStorage([1, 0, 2, 1]), order: 2) == nil)
        #expect(Cholesky(overwriting: FloatStorage([1, 0, .nan, 1]), order: 2) == nil)
        #expect(Cholesky(overwriting: FloatStorage([0]), order: 1) == nil)
    }
}
