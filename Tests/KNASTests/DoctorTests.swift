import Foundation
import Tensors
import TestSupport
import Testing

@Suite("knas doctor")
struct DoctorTests {
    private struct Answer: Decodable {
        struct Encoder: Decodable {
            let name: String
            let problem: String?
        }
        let encoders: [Encoder]
        let advice: [String]
        let matrixKernels: String
        let bfloat16Speed: Double?
        let home: String
    }

    /// Runs the program with a home of its own.
    private func doctor(_ home: URL) throws -> (code: Int32, answer: Answer) {
        let program = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
            .deletingLastPathComponent().appendingPathComponent("knas")
        let process = Process()
        process.executableURL = program
        process.arguments = ["doctor", "--json"]
        process.environment = ProcessInfo.processInfo.environment.merging(
            ["KNAS_HOME": home.path]
        ) { $1 }
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, try JSONDecoder().decode(Answer.self, from: data))
    }

    @Test("a missing encoder and one that cannot be used are named, with what to do")
    func advice() throws {
        let workspace = try Workspace()
        defer { workspace.remove() }
        let home = workspace.directory.appendingPathComponent("home")
        let empty = try doctor(home)
        #expect(empty.code == 1)
        #expect(empty.answer.encoders.isEmpty)
        #expect(empty.answer.advice.contains { $0.contains("knas encoder install") })
        #expect(!empty.answer.matrixKernels.isEmpty)
        let hasBFloat16 = (try? Precision.bfloat16.checkAvailable()) != nil
        #expect((empty.answer.bfloat16Speed ?? 0 > 0) == hasBFloat16)

        let encoders = home.appendingPathComponent("encoders")
        try FileManager.default.createDirectory(at: encoders, withIntermediateDirectories: true)
        let good = encoders.appendingPathComponent("multilingual-e5-small")
        try FileManager.default.copyItem(at: workspace.encoder, to: good)
        let well = try doctor(home)
        #expect(well.code == 0, "\(well.answer.advice)")
        #expect(well.answer.advice.isEmpty)

        let bad = encoders.appendingPathComponent("other")
        try FileManager.default.copyItem(at: workspace.encoder, to: bad)
        try Data("no tensors".utf8).write(to: bad.appendingPathComponent("model.safetensors"))
        let ill = try doctor(home)
        #expect(ill.code == 1)
        #expect(ill.answer.encoders.first { $0.name == "other" }?.problem != nil)
        #expect(ill.answer.advice.contains { $0.contains("encoder other") })
    }
}
