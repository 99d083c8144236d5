import Foundation
import Support

/// What identifies a run: where any of it differs, one run cannot take over the results of the
/// other.
///
/// Threads, paths and how much is printed are not part of it: they do not change the results.
public struct RunIdentity: Sendable, Hashable {
    /// The version of the program.
    public var program: String
    /// The matrix-product kernels, which decide the last bits of all numbers.
    public var kernels: String
    /// The task's name.
    public var task: String
    /// Digest of the data set.
    public var data: String
    /// Digest of the encoder.
    public var encoder: String
    /// The seed of everything random.
    public var seed: UInt64
    /// Digests of the data files by name, to say which has changed; what counts is ``data``.
    public var files: [String: String]
    /// All other choices by name, e.g. `"training.epochs": "8"`.
    public var choices: [String: String]

    public init(
        program: String, kernels: String, task: String, data: String, encoder: String,
        seed: UInt64, choices: [String: String], files: [String: String] = [:]
    ) {
        self.program = program
        self.kernels = kernels
        self.task = task
        self.data = data
        self.encoder = encoder
        self.seed = seed
        self.choices = choices
        self.files = files
    }

    /// The choices as one JSON object, keys sorted: equal choices give equal bytes.
    public var canonicalChoices: String { Self.json(choices) }

    private static func json(_ values: [String: String]) -> String {
        // A dictionary of strings can always be encoded.
        guard let data = try? JSONEncoder.compact.encode(values) else { return "{}" }
        return String(decoding: data, as: UTF8.self)
    }

    /// Which data files are not as they are in another identity, where the data differs; empty where
    /// the files are the same, or are not known.
    public func changedFiles(from other: RunIdentity) -> [String] {
        guard data != other.data, !files.isEmpty, !other.files.isEmpty else { return [] }
        return Set(files.keys).union(other.files.keys).sorted().filter {
            files[$0] != other.files[$0]
        }
    }

    /// The first field in which two identities differ, with both values, in words for a user.
    public func difference(
        from other: RunIdentity
    ) -> (field: String, own: String, other: String)? {
        for ((name, own), (_, theirs)) in zip(fields, other.fields) where own != theirs {
            return (name, own, theirs)
        }
        for name in Set(choices.keys).union(other.choices.keys).sorted()
        where choices[name] != other.choices[name] {
            return (name, choices[name] ?? "not set", other.choices[name] ?? "not set")
        }
        return nil
    }

    private var fields: [(String, String)] {
        [
            ("task", task), ("seed", "\(seed)"), ("data set's digest", data),
            ("encoder's digest", encoder), ("program version", program),
            ("processor's matrix kernels", kernels),
        ]
    }

    /// As the rows of a table.
    var rows: [String: String] {
        [
            "program": program, "kernels": kernels, "task": task, "data": data,
            "encoder": encoder, "seed": "\(seed)", "configuration": canonicalChoices,
            "files": Self.json(files),
        ]
    }

    /// From the rows of a table; `nil` where one is missing or wrong.
    init?(rows: [String: String]) {
        guard let program = rows["program"], let kernels = rows["kernels"],
            let task = rows["task"], let data = rows["data"], let encoder = rows["encoder"],
            let seed = rows["seed"].flatMap(UInt64.init), let text = rows["configuration"],
            let choices = try? JSONDecoder().decodeChecked(
                [String: String].self, from: Data(text.utf8))
        else { return nil }
        self.init(
            program: program, kernels: kernels, task: task, data: data, encoder: encoder,
            seed: seed, choices: choices,
            files: rows["files"].flatMap {
                try? JSONDecoder().decodeChecked([String: String].self, from: Data($0.utf8))
            } ?? [:])
    }
}
