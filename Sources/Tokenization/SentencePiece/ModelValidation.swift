extension ModelMessage {
    /// Longest piece in bytes: SentencePiece builds its tries by recursion over the bytes of a piece.
    static let maximumPieceBytes = 4096
    /// User-defined pieces that may begin one another: SentencePiece has room for so many matches.
    static let maximumNestedPieces = 64

    /// What SentencePiece's loader takes for granted and this model lacks, or `nil`.
    ///
    /// The loader itself refuses duplicates, incomplete byte fallback and a vocabulary without normal
    /// pieces; what is checked here would crash it, or give ids that mean nothing.
    func fault() -> String? {
        guard !pieces.isEmpty, pieces.count <= 4_000_000 else { return "\(pieces.count) pieces" }
        guard let trainer, (1...4).contains(trainer.modelType) else { return "no known model type" }
        var unknowns = 0
        for (index, piece) in pieces.enumerated() {
            if let fault = piece.fault() { return "piece \(index) \(fault)" }
            if piece.type == PieceMessage.Kind.unknown { unknowns += 1 }
        }
        guard unknowns == 1 else { return "\(unknowns) unknown pieces instead of one" }
        if let fault = nestingFault() { return fault }
        for map in [normalizer?.characterMap, denormalizer?.characterMap].compactMap({ $0 })
        where !map.isEmpty {
            if let fault = map.withUnsafeBytes({ CharacterMap.fault($0) }) { return fault }
        }
        return nil
    }

    /// Sorted by bytes, a piece stands behind all pieces that begin it.
    private func nestingFault() -> String? {
        var defined: [[UInt8]] = []
        for piece in pieces where piece.type == PieceMessage.Kind.userDefined {
            defined.append(Array(piece.piece.utf8))
        }
        defined.sort { $0.lexicographicallyPrecedes($1) }
        var open: [[UInt8]] = []
        for piece in defined {
            while let last = open.last, !piece.starts(with: last) { open.removeLast() }
            open.append(piece)
            guard open.count <= Self.maximumNestedPieces else {
                return "more than \(Self.maximumNestedPieces) user-defined pieces begin one another"
            }
        }
        return nil
    }
}

extension PieceMessage {
    fileprivate func fault() -> String? {
        let bytes = piece.utf8
        guard !bytes.isEmpty else { return "is empty" }
        guard bytes.count <= ModelMessage.maximumPieceBytes else {
            return "has \(bytes.count) bytes: expected at most \(ModelMessage.maximumPieceBytes)"
        }
        guard !bytes.contains(0) else { return "contains a NUL byte" }
        guard score.isFinite else { return "has a score that is not finite" }
        guard (1...6).contains(type) else { return "is of no known type (\(type))" }
        return nil
    }
}
