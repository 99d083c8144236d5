import Foundation
import SwiftProtobuf

// The parts of SentencePiece's model file that this program reads or writes, as protocol buffer
// messages; everything else is kept as unknown fields and written back unchanged.

/// A vocabulary entry: `piece = 1`, `score = 2`, `type = 3`.
struct PieceMessage: Message, Equatable {
    static let protoMessageName = "SentencePiece"
    /// Values of `type`.
    enum Kind {
        static let normal: Int32 = 1
        static let unknown: Int32 = 2
        static let control: Int32 = 3
        static let userDefined: Int32 = 4
    }

    var piece = ""
    var score: Float = 0
    var type = Kind.normal
    var unknownFields = UnknownStorage()

    init() {}
    init(_ piece: String, score: Float, type: Int32) {
        self.piece = piece
        self.score = score
        self.type = type
    }

    mutating func decodeMessage<D: Decoder>(decoder: inout D) throws {
        while let field = try decoder.nextFieldNumber() {
            switch field {
            case 1: try decoder.decodeSingularStringField(value: &piece)
            case 2: try decoder.decodeSingularFloatField(value: &score)
            case 3: try decoder.decodeSingularInt32Field(value: &type)
            default: break
            }
        }
    }

    func traverse<V: Visitor>(visitor: inout V) throws {
        try visitor.visitSingularStringField(value: piece, fieldNumber: 1)
        try visitor.visitSingularFloatField(value: score, fieldNumber: 2)
        try visitor.visitSingularInt32Field(value: type, fieldNumber: 3)
        try unknownFields.traverse(visitor: &visitor)
    }

    var isInitialized: Bool { true }
    func isEqualTo(message: any Message) -> Bool { (message as? Self) == self }
    static func == (a: Self, b: Self) -> Bool {
        a.piece == b.piece && a.score == b.score && a.type == b.type
            && a.unknownFields == b.unknownFields
    }
    func hash(into hasher: inout Hasher) { hasher.combine(piece) }
}

/// How the model was trained: only what decides ids is named (`model_type = 3`, `vocab_size = 4`,
/// `unk_id = 40`, `bos_id = 41`, `eos_id = 42`, `pad_id = 43`).
struct TrainerMessage: Message, Equatable {
    static let protoMessageName = "TrainerSpec"
    var modelType: Int32 = 1
    var vocabularySize: Int32 = 0
    var unknownID: Int32 = 0
    var beginID: Int32 = 1
    var endID: Int32 = 2
    var paddingID: Int32 = -1
    var unknownFields = UnknownStorage()

    init() {}

    mutating func decodeMessage<D: Decoder>(decoder: inout D) throws {
        while let field = try decoder.nextFieldNumber() {
            switch field {
            case 3: try decoder.decodeSingularInt32Field(value: &modelType)
            case 4: try decoder.decodeSingularInt32Field(value: &vocabularySize)
            case 40: try decoder.decodeSingularInt32Field(value: &unknownID)
            case 41: try decoder.decodeSingularInt32Field(value: &beginID)
            case 42: try decoder.decodeSingularInt32Field(value: &endID)
            case 43: try decoder.decodeSingularInt32Field(value: &paddingID)
            default: break
            }
        }
    }

    func traverse<V: Visitor>(visitor: inout V) throws {
        try visitor.visitSingularInt32Field(value: modelType, fieldNumber: 3)
        try visitor.visitSingularInt32Field(value: vocabularySize, fieldNumber: 4)
        try visitor.visitSingularInt32Field(value: unknownID, fieldNumber: 40)
        try visitor.visitSingularInt32Field(value: beginID, fieldNumber: 41)
        try visitor.visitSingularInt32Field(value: endID, fieldNumber: 42)
        try visitor.visitSingularInt32Field(value: paddingID, fieldNumber: 43)
        try unknownFields.traverse(visitor: &visitor)
    }

    var isInitialized: Bool { true }
    func isEqualTo(message: any Message) -> Bool { (message as? Self) == self }
    static func == (a: Self, b: Self) -> Bool {
        a.modelType == b.modelType && a.vocabularySize == b.vocabularySize
            && a.unknownID == b.unknownID && a.beginID == b.beginID && a.endID == b.endID
            && a.paddingID == b.paddingID && a.unknownFields == b.unknownFields
    }
    func hash(into hasher: inout Hasher) { hasher.combine(vocabularySize) }
}

/// How text is normalised: `name = 1`, `precompiled_charsmap = 2`.
struct NormalizerMessage: Message, Equatable {
    static let protoMessageName = "NormalizerSpec"
    var name = ""
    var characterMap = Data()
    var unknownFields = UnknownStorage()

    init() {}

    mutating func decodeMessage<D: Decoder>(decoder: inout D) throws {
        while let field = try decoder.nextFieldNumber() {
            switch field {
            case 1: try decoder.decodeSingularStringField(value: &name)
            case 2: try decoder.decodeSingularBytesField(value: &characterMap)
            default: break
            }
        }
    }

    func traverse<V: Visitor>(visitor: inout V) throws {
        try visitor.visitSingularStringField(value: name, fieldNumber: 1)
        try visitor.visitSingularBytesField(value: characterMap, fieldNumber: 2)
        try unknownFields.traverse(visitor: &visitor)
    }

    var isInitialized: Bool { true }
    func isEqualTo(message: any Message) -> Bool { (message as? Self) == self }
    static func == (a: Self, b: Self) -> Bool {
        a.name == b.name && a.characterMap == b.characterMap && a.unknownFields == b.unknownFields
    }
    func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

/// A whole model: `pieces = 1`, `trainer_spec = 2`, `normalizer_spec = 3`.
struct ModelMessage: Message, Equatable {
    static let protoMessageName = "ModelProto"
    var pieces: [PieceMessage] = []
    var trainer: TrainerMessage?
    var normalizer: NormalizerMessage?
    var unknownFields = UnknownStorage()

    init() {}

    mutating func decodeMessage<D: Decoder>(decoder: inout D) throws {
        while let field = try decoder.nextFieldNumber() {
            switch field {
            case 1: try decoder.decodeRepeatedMessageField(value: &pieces)
            case 2: try decoder.decodeSingularMessageField(value: &trainer)
            case 3: try decoder.decodeSingularMessageField(value: &normalizer)
            default: break
            }
        }
    }

    func traverse<V: Visitor>(visitor: inout V) throws {
        try visitor.visitRepeatedMessageField(value: pieces, fieldNumber: 1)
        if let trainer { try visitor.visitSingularMessageField(value: trainer, fieldNumber: 2) }
        if let normalizer {
            try visitor.visitSingularMessageField(value: normalizer, fieldNumber: 3)
        }
        try unknownFields.traverse(visitor: &visitor)
    }

    var isInitialized: Bool { true }
    func isEqualTo(message: any Message) -> Bool { (message as? Self) == self }
    static func == (a: Self, b: Self) -> Bool {
        a.pieces == b.pieces && a.trainer == b.trainer && a.normalizer == b.normalizer
            && a.unknownFields == b.unknownFields
    }
    func hash(into hasher: inout Hasher) { hasher.combine(pieces.count) }
}
