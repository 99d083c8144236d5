import Foundation
import Support
import Tensors

/// The result of one benchmark; printed as one JSON object per line.
struct Measurement: Codable {
    /// What was measured.
    var name: String
    var threads: Int
    /// Median of the repetitions.
    var seconds: Double
    /// Work of one repetition, in `unit`.
    var work: Double
    var unit: String
    /// Work per second.
    var rate: Double
    /// Floating-point operations (2 per multiply-add) in GFLOP/s, where they were counted.
    var gflops: Double?
    /// Share of the matrix-product limit measured in the same run.
    var shareOfLimit: Double?
    /// Largest resident size so far.
    var peakMiB: Double

    init(
        _ name: String, threads: Int, seconds: Double, work: Double, unit: String,
        multiplyAdds: Double? = nil, limit: Double? = nil
    ) {
        self.name = name
        self.threads = threads
        self.seconds = seconds
        self.work = work
        self.unit = unit
        rate = work / seconds
        gflops = multiplyAdds.map { 2 * $0 / seconds * 1e-9 }
        if let gflops, let limit { shareOfLimit = gflops / limit }
        peakMiB = rusage.ofProcess.peakMiB
    }

    func print() throws { try printLine(self) }
}

/// Prints an object in JSON on a line of its own, at once.
func printLine(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    print(String(decoding: try encoder.encode(value), as: UTF8.self))
    fflush(nil)
}

extension rusage {
    /// What the process has used so far.
    static var ofProcess: rusage {
        var usage = rusage()
        #if canImport(Glibc)
            getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        #else
            getrusage(RUSAGE_SELF, &usage)
        #endif
        return usage
    }

    /// Largest resident size, in MiB.
    var peakMiB: Double { Double(ru_maxrss) / 1024 }
}

/// Seconds that `body` takes: the median of `repetitions`, after one that does not count.
func median(_ repetitions: Int, _ body: () throws -> Void) rethrows -> Double {
    try body()
    let clock = ContinuousClock()
    var times: [Double] = []
    for _ in 0..<max(1, repetitions) {
        let time = try clock.measure(body)
        times.append(
            Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18)
    }
    return times.sorted()[times.count / 2]
}

/// The matrix-product limit: GFLOP/s of the encoder's largest product on every thread at once.
func matrixProductLimit(threads: Int, repetitions: Int) -> Double {
    let (m, n, k) = (1024, 1536, 384)
    let rounds = 24
    let operands = (0..<threads).map { _ in
        Operands(
            a: FloatStorage(count: m * k), b: FloatStorage(count: n * k), c: .init(count: m * n))
    }
    let seconds = median(repetitions) {
        Parallel.forEach(count: rounds * threads, threads: threads) { _, thread in
            let o = operands[thread]
            BLAS.multiply(
                o.a.pointer, strideA: k, o.b.pointer, .transposed, strideB: k,
                into: o.c.pointer, strideC: n, m: m, n: n, k: k)
        }
    }
    return 2 * Double(m * n * k * rounds * threads) / seconds * 1e-9
}

private struct Operands: @unchecked Sendable {
    let a: FloatStorage
    let b: FloatStorage
    let c: FloatStorage
}
