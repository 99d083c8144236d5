import Metrics
import Support
import Testing

/// Expected values: Tests/Scripts/metrics_goldens.py (SciPy).
@Suite("Rank statistics")
struct RankStatisticsTests {
    let x = [3.0, 1, 4, 1, 5, 9, 2, 6, 5, 3]
    let y = [2.0, 7, 1, 8, 2, 8, 1, 8, 2, 8]
    let large = (0..<200).map { Double($0 * 37 % 101) }
    let other = (0..<200).map { Double($0 * 53 % 97 + $0 / 2) }

    @Test("equal values share the mean of their ranks")
    func ranks() {
        #expect(
            RankStatistics.ranks(x) == [4.5, 1.5, 6, 1.5, 7.5, 10, 3, 9, 7.5, 4.5])
        #expect(RankStatistics.ranks([]) == [])
        #expect(RankStatistics.ranks([-.infinity, .infinity, 0, -0.0]) == [1, 4, 2.5, 2.5])
        #expect(RankStatistics.ranks([1, .nan]).allSatisfy { $0.isNaN })
    }

    @Test("rho and tau are SciPy's")
    func goldens() throws {
        func expect(_ value: Double?, _ expected: Double) throws {
            #expect(abs(try #require(value) - expected) < 1e-12)
        }
        try expect(RankStatistics.spearman(x, y), 0.13471506281091267)
        try expect(RankStatistics.kendall(x, y), 0.13041013273932525)
        try expect(RankStatistics.spearman(large, other), 0.05077840062755896)
        try expect(RankStatistics.kendall(large, other), 0.04315022828957666)
        try expect(RankStatistics.spearman(large, large.map { -$0 }), -1)
        try expect(RankStatistics.kendall(large, large.map { -$0 }), -1)
        try expect(RankStatistics.spearman(large, large), 1)
        try expect(RankStatistics.kendall(large, large), 1)
    }

    @Test("tau by sorting is tau by counting all pairs")
    func kendallByDefinition() {
        for round in 0..<200 {
            var generator = RandomKey(seed: 5).child(round).generator()
            let count = 2 + generator.index(below: 40)
            let range = 1 + generator.index(below: 12)
            let a = (0..<count).map { _ in Double(generator.index(below: range)) }
            let b = (0..<count).map { _ in Double(generator.index(below: range)) }
            var difference = 0
            var untiedA = 0
            var untiedB = 0
            for i in 0..<count {
                for j in 0..<i {
                    difference += (a[i] - a[j]).signumInt * (b[i] - b[j]).signumInt
                    untiedA += a[i] == a[j] ? 0 : 1
                    untiedB += b[i] == b[j] ? 0 : 1
                }
            }
            let tau = RankStatistics.kendall(a, b)
            if untiedA == 0 || untiedB == 0 {
                #expect(tau == nil)
            } else {
                let expected =
                    Double(difference) / (Double(untiedA) * Double(untiedB)).squareRoot()
                #expect(abs((tau ?? .nan) - expected) < 1e-12)
            }
        }
    }

    @Test("a correlation without order is undefined, not a number")
    func undefined() {
        for (a, b): ([Double], [Double]) in [
            ([], []), ([1], [2]), ([1, 1], [1, 2]), ([1, 2], [3, 3]), ([1, .nan], [1, 2]),
            ([1, 2], [.nan, 2]),
        ] {
            #expect(RankStatistics.spearman(a, b) == nil)
            #expect(RankStatistics.kendall(a, b) == nil)
        }
        let key = RandomKey(seed: 1)
        #expect(RankStatistics.spearmanInterval([1, 1, 1], [1, 2, 3], key: key) == nil)
    }

    @Test("the interval of rho is SciPy's within the error of resampling")
    func interval() throws {
        let interval = try #require(
            RankStatistics.spearmanInterval(large, other, key: RandomKey(seed: 1)))
        #expect(abs(interval.lower + 0.0982) < 0.015)
        #expect(abs(interval.upper - 0.1965) < 0.015)
        // Few pairs: resamples of one pair only are left out.
        let few = try #require(
            RankStatistics.spearmanInterval([1, 2, 3], [1, 2, 3], key: RandomKey(seed: 1)))
        #expect(few.bounds.allSatisfy { abs($0 - 1) < 1e-12 })
    }
}

extension Double {
    fileprivate var signumInt: Int { self > 0 ? 1 : (self < 0 ? -1 : 0) }
}
