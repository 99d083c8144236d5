import Foundation
import Metrics
import Support

/// What a user says about a data file that is given in place of a task file, where guesses are not enough.
public struct DataFileOptions: Sendable, Hashable {
    /// Column of the text; with this and without ``pair`` texts are single.
    public var text: String?
    /// Column of the second text.
    public var pair: String?
    /// Column of the label.
    public var label: String?
    /// What the label column holds: one class a row, several labels, or numbers.
    public var target: TargetKind?
    /// Files of the dev rows; empty: they are carved out of train.
    public var dev: [String]
    /// Files of the test rows; empty: they are carved out of train.
    public var test: [String]

    /// Nothing said: everything is guessed.
    public init(
        text: String? = nil, pair: String? = nil, label: String? = nil, target: TargetKind? = nil,
        dev: [String] = [],
        test: [String] = []
    ) {
        self.text = text
        self.pair = pair
        self.label = label
        self.target = target
        self.dev = dev
        self.test = test
    }

    /// The options as they are typed, of those that are given.
    var given: [(option: String, value: String)] {
        [
            ("--text", text), ("--pair", pair), ("--label", label),
            ("--target", target?.rawValue),
        ].compactMap { option, value in
            value.map { (option, $0) }
        } + dev.map { ("--dev", $0) } + test.map { ("--test", $0) }
    }

    /// A task file says all this itself.
    /// - Throws: `BadOption` where anything is given.
    func requireNothing(for task: URL) throws {
        guard let (option, value) = given.first else { return }
        throw BadOption(
            name: option, value: value,
            expected:
                "nothing beside the task file \(task.lastPathComponent), which says it itself; "
                + "it is for a data file in its place")
    }
}
