import Encoders
import Foundation
import Support
import Tasks
import Tensors

/// How a search encodes the two texts of a pair.
public enum PairingChoice: String, Sendable, CaseIterable, Codable {
    /// As the task says.
    case task
    /// Each text by itself; both in one sequence.
    case siamese, joint
    /// Heads of both kinds are searched.
    case both

    /// The pairing that all heads have in place of the task's; `nil` for the task's own or both.
    public var single: Pairing? {
        switch self {
        case .task, .both: nil
        case .siamese: .siamese
        case .joint: .joint
        }
    }
}

/// Where examples come from, and what heads may read.
public struct InputConfiguration: Sendable {
    /// The task's definition file; or a data file, or a directory of them, whose columns are guessed.
    public var task: URL
    /// What to take in place of guesses.
    public var dataFile = DataFileOptions()
    /// Directory of the task's data files; that of the definition where `nil`.
    public var data: URL?
    /// Whether bad rows are left out instead of stopping the run.
    public var skipBadRows = false
    /// Whether pairs are encoded as one sequence, separately, or in both ways.
    public var pairings = PairingChoice.task
    /// Longest sequence in tokens; the task's choice where `nil`.
    public var maximumLength: Int?
    /// Rows of each split at most, drawn class by class; `nil` for all, or as many as the task says.
    public var rows = RowLimits()
    /// Names or paths of the encoders; each head reads one of them.
    public var encoders = [EncoderStore.defaultName]
    /// The encoders' hidden states that heads may read.
    public var layers = LayerSelection.automatic
    /// What the encoders' hidden states are computed in.
    public var precision = Precision.float32

    /// This project's standard choices for a task.
    public init(task: URL) { self.task = task }

    /// Whether there are several views: then each head says which it reads.
    public var hasSeveralViews: Bool { encoders.count > 1 || pairings == .both }

    /// - Throws: `BadOption`.
    public func check() throws {
        let list = encoders.joined(separator: ",")
        try require(
            !encoders.isEmpty && !encoders.contains(""), "--encoder", "'\(list)'",
            "a name, or several separated by commas")
        try require(
            Set(encoders).count == encoders.count, "--encoder", list, "each encoder once")
        try precision.checkAvailable()
        for split in Split.allCases {
            guard let limit = rows[split] else { continue }
            try require(limit > 0, "--\(split.rawValue)-rows", limit, "1 or more")
        }
        if let maximumLength {
            try require(
                maximumLength >= 8, "--max-tokens", maximumLength, "8 or more")
        }
    }
}
