import Foundation
import Mutations

/// The valid files that cases are made from, kept in a directory so that all processes see the
/// same.
enum Corpus {
    /// Where a reader's sets are: `DIR/seeds/READER/NUMBER/FILES`; more can be put there by hand.
    private static func directory(_ reader: Reader, _ corpus: URL) -> URL {
        corpus.appendingPathComponent("seeds").appendingPathComponent(reader.name)
    }

    /// The sets of a reader, created where there are none.
    static func load(_ reader: Reader, _ corpus: URL) throws -> [FileSet] {
        let directory = directory(reader, corpus)
        if !FileManager.default.fileExists(atPath: directory.path) {
            for (number, files) in try reader.seeds().enumerated() {
                try files.write(to: directory.appendingPathComponent("\(number)"))
            }
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
        let sets = try names.map {
            try FileSet(contentsOf: directory.appendingPathComponent($0))
        }
        guard !sets.isEmpty else { throw Violation("\(directory.path) is empty") }
        return sets
    }
}
