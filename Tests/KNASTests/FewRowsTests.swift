import Foundation
import TestSupport
import Testing

@testable import Study
@testable import Support

@Suite("Few rows", .serialized)
struct FewRowRunTests {
    private struct Result: Decodable {
        struct Interval: Decodable { let lower: Double, upper: Double }
        struct Metrics: Decodable { let accuracy: Double }
        struct Model: Decodable { let heldOut: Metrics, heldOutInterval: Interval }
        struct Search: Decodable { let candidates: Int }
        let exported: Model
        let rows: [String: Int]
        let search: Search
    }

    private func search(each: Int, _ arguments: [String] = []) throws -> Result {
        let workspace = try Workspace(pairs: false, train: 2 * each, test: 12)
        defer { workspace.remove() }
        let done = try Program.run(
            [
                "search", workspace.task.path, "--encoder", workspace.encoder.path, "--run", "run",
                "--controls", "none", "--quiet",
            ] + arguments, in: workspace.directory)
        #expect(done.code == 0, "\(done.error)")
        return try JSONDecoder().decode(
            Result.self,
            from: Data(contentsOf: workspace.directory.appendingPathComponent("run/result.json")))
    }

    @Test(
        "two rows a class are fitted exactly, four are searched, and the interval says how little is known"
    )
    func search() throws {
        let two = try search(each: 2)
        #expect(two.rows["train"] == 2 && two.rows["dev"] == 2 && two.search.candidates == 0)
        let four = try search(each: 4, ["--epochs", "1"])
        #expect(four.rows["train"] == 6 && four.rows["dev"] == 2)
        #expect(four.search.candidates == 128)
        for result in [two, four] {
            let interval = result.exported.heldOutInterval
            #expect(interval.lower <= result.exported.heldOut.accuracy)
            #expect(interval.upper >= result.exported.heldOut.accuracy)
            #expect(interval.upper - interval.lower > 0.3)
        }
        // Whatever is asked for, four rows are not trained on, and end in time.
        for arguments in [["--candidates", "6", "--keep", "1"], ["--time-limit", "30s"]] {
            #expect(try search(each: 2, arguments).search.candidates == 0)
        }
        // Encoder layers are trained with a head, which has to be one.
        let tuned = try search(
            each: 3,
            [
                "--unfreeze", "1", "--finetune-epochs", "1", "--candidates", "2", "--funnel", "1",
                "--keep", "1", "--epochs", "1",
            ])
        #expect(tuned.search.candidates == 2)
        // Who asks for so many heads gets them.
        let asked = try search(
            each: 4, ["--candidates", "6", "--funnel", "2", "--keep", "1", "--epochs", "1"])
        #expect(asked.search.candidates == 6)
    }

    // MARK: Curve

    private struct Curve: Decodable {
        struct Point: Decodable { let rows: Int, value: Double, draws: [Double] }
        let points: [Point]
        let forecasts: [Point]
        enum CodingKeys: CodingKey { case points, forecasts }
        init(from decoder: any Decoder) throws {
            struct Ahead: Decodable { let rows: Int, value: Double }
            let container = try decoder.container(keyedBy: CodingKeys.self)
            points = try container.decode([Point].self, forKey: .points)
            forecasts = try container.decode([Ahead].self, forKey: .forecasts).map {
                Point(rows: $0.rows, value: $0.value, draws: [])
            }
        }
    }

    @Test("a curve has the sizes that there are, looks ahead, and is the same with any threads")
    func curve() throws {
        let workspace = try Workspace(pairs: false, train: 90, test: 12)
        defer { workspace.remove() }
        func run(_ arguments: [String]) throws -> Program.Outcome {
            try Program.run(
                ["curve", workspace.task.path, "--encoder", workspace.encoder.path] + arguments,
                in: workspace.directory)
        }
        let done = try run(["--json", "--output", "curve.csv", "--threads", "1"])
        #expect(done.code == 0, "\(done.error)")
        let curve = try JSONDecoder().decode(Curve.self, from: Data(done.output.utf8))
        #expect(curve.points.map(\.rows) == [16, 32, 64])
        #expect(curve.points.allSatisfy { $0.draws.count == 5 })
        #expect(curve.forecasts.map(\.rows) == [90, 180, 360])
        #expect(try run(["--json", "--threads", "3"]).output == done.output)
        let table = try String(
            contentsOf: workspace.directory.appendingPathComponent("curve.csv"), encoding: .utf8)
        #expect(table.hasPrefix("kind,rows,rows_per_class,value,lower,upper,draw_1,"))
        #expect(table.split(separator: "\n").count == 7)
        for (arguments, message) in [
            (["--rows", "8,9000"], "--rows is 9000"), (["--rows", "8,x"], "whole numbers"),
            (["--draws", "2"], "--draws is 2"), (["--encoder", "a,b"], "one encoder"),
        ] {
            let wrong = try run(arguments)
            #expect(wrong.code == 64 && wrong.error.contains(message), "\(wrong.error)")
        }
    }

    @Test("rows are learnt from in an order that has the classes' shares, one of each first")
    func order() {
        let labels: [Int32] = (0..<90).map { $0 < 80 ? 0 : $0 < 88 ? 1 : 2 }
        let rows = Array(labels.indices)
        let order = LearningCurve.order(rows, labels: labels, key: RandomKey(seed: 1))
        #expect(order.sorted() == rows)
        #expect(Set(order.prefix(3).map { labels[$0] }).count == 3)
        #expect(order.prefix(45).count { labels[$0] == 0 } == 39)
    }

    @Test("a power law is found again, and its interval holds what it was made from")
    func powerLaw() {
        let sizes = [16, 32, 64, 128, 256]
        func value(_ rows: Int) -> Double { 0.9 - 1.2 * pow(Double(rows), -0.5) }
        let exact = LearningCurveFit(
            sizes: sizes, values: sizes.map { [Double](repeating: value($0), count: 4) },
            key: RandomKey(seed: 2))
        #expect(abs(exact.forecast(1024).value - value(1024)) < 0.01)
        let noisy = LearningCurveFit(
            sizes: sizes,
            values: sizes.map { size in [-0.02, 0.01, 0.03, -0.02].map { value(size) + $0 } },
            key: RandomKey(seed: 2))
        for rows in [512, 1024] {
            let ahead = noisy.forecast(rows)
            #expect(ahead.interval[0] <= value(rows) && value(rows) <= ahead.interval[1])
        }
        let far = noisy.forecast(1024).interval
        let near = noisy.forecast(256).interval
        #expect(far[1] - far[0] > near[1] - near[0])
    }

    /// `knas curve front-desk --rows 16,32,64,128,256,339`, on the default encoder.
    @Test("the forecast from the first points of front-desk's curve covers the later ones")
    func covers() {
        let sizes = [16, 32, 64, 128, 256, 339]
        let values = [
            [0.4118, 0.3176, 0.4471, 0.2353, 0.3571], [0.4706, 0.3765, 0.4588, 0.3882, 0.4524],
            [0.5647, 0.5647, 0.6471, 0.5059, 0.4881], [0.6353, 0.6706, 0.6353, 0.6353, 0.5595],
            [0.7059, 0.6706, 0.7294, 0.6824, 0.7024], [0.7412, 0.7529, 0.7529, 0.7176, 0.7143],
        ]
        for first in 3..<sizes.count {
            let fit = LearningCurveFit(
                sizes: Array(sizes.prefix(first)), values: Array(values.prefix(first)),
                key: RandomKey(seed: 1))
            for later in first..<sizes.count {
                let mean = values[later].reduce(0, +) / 5
                let interval = fit.forecast(sizes[later]).interval
                #expect(interval[0] <= mean && mean <= interval[1])
                #expect(interval[1] - interval[0] < 0.25)
            }
        }
    }

    // MARK: Next

    private struct Next: Decodable {
        struct Row: Decodable { let line: Int, text: String, likely: String, standsFor: Int }
        let labelled: Int
        let texts: Int
        let new: Int
        let rows: [Row]
    }

    @Test("the next rows are new, different and explained, from any kind of file")
    func next() throws {
        let workspace = try Workspace(pairs: false, train: 12, test: 12)
        defer { workspace.remove() }
        let known = try String(
            contentsOf: workspace.directory.appendingPathComponent("train.tsv"), encoding: .utf8
        ).split(separator: "\n")[1].split(separator: "\t")[0]
        let texts =
            [String(known), String(known).uppercased()]
            + (0..<30).map { "\($0 % 2 == 0 ? "good day" : "bad idea") lazy fox \($0)" }
            + ["bad idea lazy fox 7"]
        func write(_ name: String, _ text: String) throws {
            try text.write(
                to: workspace.directory.appendingPathComponent(name), atomically: true,
                encoding: .utf8)
        }
        try write("pool.txt", texts.map { $0 + "\n" }.joined())
        try write("pool.csv", "id,body\n" + texts.map { "1,\($0)\n" }.joined())
        func run(_ arguments: [String]) throws -> Program.Outcome {
            try Program.run(
                ["next", workspace.task.path] + arguments
                    + ["--encoder", workspace.encoder.path], in: workspace.directory)
        }
        let done = try run(["pool.txt", "-n", "5", "--json", "--threads", "1"])
        #expect(done.code == 0, "\(done.error)")
        let answer = try JSONDecoder().decode(Next.self, from: Data(done.output.utf8))
        #expect(answer.labelled == 12 && answer.texts == 33 && answer.new == 30)
        #expect(answer.rows.count == 5 && Set(answer.rows.map(\.text)).count == 5)
        #expect(
            answer.rows.allSatisfy { texts[$0.line - 1] == $0.text && (3...32).contains($0.line) })
        #expect(answer.rows.reduce(0) { $0 + $1.standsFor } == 30)
        #expect(answer.rows.allSatisfy { ["same", "other"].contains($0.likely) })
        #expect(try run(["pool.txt", "-n", "5", "--json", "--threads", "3"]).output == done.output)
        // A header is a line.
        let table = try run(["pool.csv", "--pool-text", "body", "-n", "5", "--json"])
        let same = try JSONDecoder().decode(Next.self, from: Data(table.output.utf8))
        #expect(same.rows.map(\.line) == answer.rows.map { $0.line + 1 })
        let text = try run(["pool.txt", "-n", "40"])
        #expect(text.code == 0 && text.output.split(separator: "\n").count == 31)
        let file = try run(["pool.txt", "-n", "3", "--output", "next.csv"])
        #expect(file.code == 0, "\(file.error)")
        let written = try String(
            contentsOf: workspace.directory.appendingPathComponent("next.csv"), encoding: .utf8)
        #expect(written.hasPrefix("line,text,likely,probability,second,margin,stands_for\n"))
        let start = try Program.run(
            ["next", "pool.txt", "-n", "4", "--encoder", workspace.encoder.path],
            in: workspace.directory)
        #expect(start.code == 0 && start.error.contains("no row has a label: 31 different texts"))
        #expect(start.output.split(separator: "\n").count == 5)
        try write("known.txt", "\(known)\n")
        #expect(try run(["known.txt"]).output.contains("none of 1 texts is new"))
        for (arguments, code, message) in [
            (["nowhere.txt"], 66, "nowhere.txt"), (["pool.txt", "-n", "0"], 64, "-n is 0"),
            (["pool.csv"], 65, "text"),
        ] as [([String], Int32, String)] {
            let wrong = try run(arguments)
            #expect(wrong.code == code && wrong.error.contains(message), "\(wrong)")
        }
    }
}
