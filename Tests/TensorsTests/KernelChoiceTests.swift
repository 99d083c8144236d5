import Foundation
import Testing

@testable import Tensors

@Suite("OpenBLAS's kernels")
struct KernelChoiceTests {
    @Test("a processor that is newer than OpenBLAS does not get the kernels for any")
    func choice() throws {
        // Says what processors have on Linux; elsewhere OpenBLAS knows them all.
        let processor = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)
        guard let processor, processor.contains(" avx2 "), processor.contains(" fma "),
            ProcessInfo.processInfo.environment["OPENBLAS_CORETYPE"] == nil
        else { return }
        #expect(BLAS.kernelName != "Prescott")
        // What was set for the choice is gone.
        #expect(getenv("OPENBLAS_CORETYPE") == nil)
    }
}
