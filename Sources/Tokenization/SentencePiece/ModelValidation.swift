/// Checks a SentencePiece model file without building the model, so loading reads the pieces once.
struct ModelValidation {
    /// Longest piece in bytes: SentencePiece builds its tries by recursion over the bytes of a piece.
    static let maximumPieceBytes = 4096
    /// Number of user-defined pieces that may be prefixes of one another: SentencePiece has room
    /// for so many matches.
    static let maximumNestedPieces = 64
    static let maximumPieces = 4_000_000

    private var pieceCount = 0
    private var unknownCount = 0
    private var hasTrainer = false
    private var hasNormalizer = false
    private var hasDenormalizer = false
    private var userDefined: [UnsafeRawBufferPointer] = []

    /// Why a model is refused.
    private struct Fault: Error {
        let reason: String
        init(_ reason: String) { self.reason = reason }
    }

    /// What SentencePiece's loader takes for granted and this model lacks, or `nil`.
    ///
    /// The loader itself refuses duplicates, incomplete byte fallback and a vocabulary without normal
    /// pieces; what is checked here would crash it, or give ids that mean nothing.
    static func fault(_ bytes: UnsafeRawBufferPointer) -> String? {
        guard !bytes.isEmpty else { return "the file is empty" }
        var validation = ModelValidation()
        do {
            try validation.model(bytes)
            return nil
        } catch let fault as Fault {
            return fault.reason
        } catch {
            return "it is not a protocol buffer of that kind"
        }
    }

    private mutating func model(_ bytes: UnsafeRawBufferPointer) throws {
        var reader = WireReader(bytes)
        while let field = try reader.next() {
            switch (field.number, field.value) {
            case (1, .bytes(let message)): try piece(message)
            case (2, .bytes(let message)):
                try once(&hasTrainer, "trainer")
                try trainer(message)
            case (3, .bytes(let message)):
                try once(&hasNormalizer, "normaliser")
                try normalizer(message)
            case (4, .bytes): break
            case (5, .bytes(let message)):
                try once(&hasDenormalizer, "denormaliser")
                try normalizer(message)
            case (1...5, _): throw WireReader.Malformed()
            default: break
            }
        }
        guard pieceCount > 0 else { throw Fault("it has no pieces") }
        guard hasTrainer else { throw Fault("it does not say its model type") }
        guard unknownCount == 1 else {
            throw Fault("\(unknownCount) unknown pieces instead of one")
        }
        try checkNesting()
    }

    private func once(_ flag: inout Bool, _ what: String) throws {
        guard !flag else { throw Fault("its \(what) appears twice") }
        flag = true
    }

    private mutating func piece(_ message: UnsafeRawBufferPointer) throws {
        var text = UnsafeRawBufferPointer(start: nil, count: 0)
        var score: Float = 0
        var type: UInt64 = 1
        var reader = WireReader(message)
        while let field = try reader.next() {
            switch (field.number, field.value) {
            case (1, .bytes(let bytes)): text = bytes
            case (2, .fixed32(let bits)): score = Float(bitPattern: bits)
            case (3, .integer(let value)): type = value
            case (1...3, _): throw WireReader.Malformed()
            default: break
            }
        }
        func fault(_ reason: String) -> Fault { Fault("piece \(pieceCount) \(reason)") }
        guard !text.isEmpty else { throw fault("is empty") }
        guard text.count <= Self.maximumPieceBytes else {
            throw fault("has \(text.count) bytes: expected at most \(Self.maximumPieceBytes)")
        }
        guard !text.contains(0) else { throw fault("contains a NUL byte") }
        guard String(validating: text, as: UTF8.self) != nil else {
            throw fault("is not valid UTF-8")
        }
        guard score.isFinite else { throw fault("has a score that is not finite") }
        switch type {
        case 2: unknownCount += 1
        case 4: userDefined.append(text)
        case 1, 3, 5, 6: break
        default: throw fault("is of no known type (\(type))")
        }
        pieceCount += 1
        guard pieceCount <= Self.maximumPieces else {
            throw Fault("more than \(Self.maximumPieces) pieces")
        }
    }

    private func trainer(_ message: UnsafeRawBufferPointer) throws {
        var modelType: UInt64 = 1
        var reader = WireReader(message)
        while let field = try reader.next() {
            guard field.number == 3 else { continue }
            guard case .integer(let value) = field.value else { throw WireReader.Malformed() }
            modelType = value
        }
        guard (1...4).contains(modelType) else { throw Fault("no known model type") }
    }

    private func normalizer(_ message: UnsafeRawBufferPointer) throws {
        var map = UnsafeRawBufferPointer(start: nil, count: 0)
        var reader = WireReader(message)
        while let field = try reader.next() {
            guard field.number == 2 else { continue }
            guard case .bytes(let bytes) = field.value else { throw WireReader.Malformed() }
            map = bytes
        }
        if !map.isEmpty, let reason = CharacterMap.fault(map) { throw Fault(reason) }
    }

    /// Sorted by bytes, a piece comes after all its prefixes.
    private func checkNesting() throws {
        let sorted = userDefined.sorted { $0.lexicographicallyPrecedes($1) }
        var open: [UnsafeRawBufferPointer] = []
        for piece in sorted {
            while let last = open.last, !piece.starts(with: last) { open.removeLast() }
            open.append(piece)
            guard open.count <= Self.maximumNestedPieces else {
                throw Fault(
                    "more than \(Self.maximumNestedPieces) user-defined pieces begin one another")
            }
        }
    }
}
