import ArgumentParser
import Foundation
import KNAS
import Support

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Shows what is installed, and what to do where something is wrong.",
        discussion: """
            Opens every installed encoder. The exit code is 1 if there is something to do.

            EXAMPLES
              knas doctor
              knas doctor --json | jq .advice
            """)

    @OptionGroup var global: GlobalOptions

    func run() throws {
        let diagnosis = Diagnosis()
        try global.show(diagnosis, Self.text(diagnosis))
        if !diagnosis.advice.isEmpty { throw ExitCode.failure }
    }

    static func text(_ diagnosis: Diagnosis) -> String {
        func size(_ bytes: Int) -> String { ByteSize(bytes).description }
        var lines = [
            "knas:      \(diagnosis.version)",
            "machine:   \(diagnosis.cores) cores, \(size(diagnosis.memoryBytes)) of memory",
            "products:  OpenBLAS, \(diagnosis.matrixKernels) kernels, on our own threads",
            "bf16:      "
                + (diagnosis.bfloat16Speed.map {
                    String(format: "%.1f times as fast as float32", $0)
                        + ($0 < 1.2 ? ": leave --precision as it is" : "")
                } ?? "not available (see --precision in knas search --help)"),
            "encoders:  \(diagnosis.home)",
            "cache:     \(diagnosis.cache)"
                + (diagnosis.freeBytes.map { ", \(size($0)) free" } ?? ""),
            "features:  \(size(diagnosis.featureCacheBytes)) cached, "
                + (diagnosis.featureCacheLimit.map { "\(size($0)) at most" } ?? "without a limit"),
        ]
        for encoder in diagnosis.encoders {
            lines.append(
                "encoder:   \(encoder.name) (\(encoder.family ?? "unusable"), "
                    + "\(size(encoder.bytes)))")
        }
        if diagnosis.advice.isEmpty {
            lines.append("all is well")
        } else {
            lines += diagnosis.advice.map { "to do:     \($0)" }
        }
        return lines.joined(separator: "\n")
    }
}
