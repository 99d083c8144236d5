import ArgumentParser
import Foundation
import KNAS

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
        func size(_ bytes: Int) -> String {
            bytes < 1 << 30
                ? String(format: "%.0f MB", Double(bytes) / 1e6)
                : String(format: "%.1f GB", Double(bytes) / 1e9)
        }
        var lines = [
            "knas:      \(diagnosis.version)",
            "machine:   \(diagnosis.cores) cores, \(size(diagnosis.memoryBytes)) of memory",
            "products:  OpenBLAS, \(diagnosis.matrixKernels) kernels, on our own threads",
            "home:      \(diagnosis.home)"
                + (diagnosis.freeBytes.map { ", \(size($0)) free" } ?? ""),
            "features:  \(size(diagnosis.featureCacheBytes)) cached",
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
