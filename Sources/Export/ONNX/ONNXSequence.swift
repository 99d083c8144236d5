import ONNXProtobuf

/// How an encoder numbers tokens, beyond their token ids.
struct TokenNumbering: Hashable, Sendable {
    /// Position id of the first token (RoBERTa and its relatives count from after the padding id).
    var firstPosition: Int
    /// Whether the tokens of a pair's second text have another type than those of the first.
    var hasTypes: Bool
}

/// One padded batch of sequences in an ONNX graph: its mask, its ids, and what is derived from them.
///
/// Derived values are created when they are first needed. Tokens count as real where the mask is
/// not zero, on whichever side the padding is.
final class ONNXSequence {
    /// Added to the scores of padding: far below every score, and finite, so a row without any
    /// tokens gives no NaN.
    static let absent: Float = -1e30

    private enum Derived: Hashable {
        case bool, integers, column, floatColumn, keyBias, scoreBias, total, count, first
        case hasTokens, positions, types, length, distances, distancePlaces
    }

    private let b: ONNXBuilder
    /// `[batch, tokens]`, int64.
    private let mask: String
    /// `[batch, tokens]`, int64.
    private let ids: String?
    /// `[batch, tokens]`, int64; `nil` where all tokens have type 0.
    private let typeIDs: String?
    private let numbering: TokenNumbering?
    private var known: [Derived: String] = [:]

    init(
        in builder: ONNXBuilder, mask: String, ids: String? = nil, typeIDs: String? = nil,
        numbering: TokenNumbering? = nil
    ) {
        b = builder
        self.mask = mask
        self.ids = ids
        self.typeIDs = typeIDs
        self.numbering = numbering
    }

    private func cached(
        _ key: Derived, _ make: () -> String
    ) -> String {
        if let name = known[key] { return name }
        let name = make()
        known[key] = name
        return name
    }

    // MARK: Masks

    /// Whether a token is real: `[batch, tokens]`, bool.
    private func bool() -> String {
        cached(.bool) { b.cast(mask, to: .bool) }
    }

    /// 1 for a real token, else 0: `[batch, tokens]`, int64.
    private func integers() -> String {
        cached(.integers) { b.cast(bool(), to: .int64) }
    }

    /// Whether a token is real: `[batch, tokens, 1]`, bool.
    private func column() -> String {
        cached(.column) { b.node("Unsqueeze", bool(), b.integers([2])) }
    }

    /// 1 for a real token, else 0: `[batch, tokens, 1]`, float.
    private func floatColumn() -> String {
        cached(.floatColumn) { b.cast(column(), to: .float) }
    }

    /// 0 for a real token, else ``absent``: `[batch, tokens, 1]`, float.
    func scoreBias() -> String {
        cached(.scoreBias) {
            b.node("Where", column(), b.float(0), b.float(Self.absent))
        }
    }

    /// The same over the keys of attention scores: `[batch, 1, 1, tokens]`, float.
    func keyBias() -> String {
        cached(.keyBias) {
            let bias = b.node("Where", bool(), b.float(0), b.float(Self.absent))
            return b.node("Unsqueeze", bias, b.integers([1, 2]))
        }
    }

    /// `[batch, tokens, width]` with the rows of padding replaced by another value.
    func replacingPadding(
        _ value: String, with filler: Float
    ) -> String {
        b.node("Where", column(), value, b.float(filler))
    }

    /// Number of real tokens: `[batch, 1]`, float.
    private func total() -> String {
        cached(.total) {
            b.node(
                "ReduceSum", floatColumn(), b.integers([1]),
                attributes: [AttributeProto("keepdims", 0)])
        }
    }

    /// Number of real tokens, at least 1: `[batch, 1]`, float.
    func count() -> String {
        cached(.count) { b.node("Max", total(), b.float(1)) }
    }

    /// Whether there is a real token: `[batch, 1]`, bool.
    func hasTokens() -> String {
        cached(.hasTokens) { b.node("Greater", total(), b.float(0)) }
    }

    /// Place of the first real token: `[batch, 1]`, int64.
    func firstPlace() -> String {
        cached(.first) {
            // Of floats: onnxruntime before 1.20 has none of integers.
            b.node(
                "ArgMax", b.cast(bool(), to: .float),
                attributes: [AttributeProto("axis", 1), AttributeProto("keepdims", 1)])
        }
    }

    // MARK: Distances

    /// Tokens of a padded sequence, an integer without dimensions.
    private func length() -> String {
        cached(.length) { b.node("Gather", b.node("Shape", mask), b.integer(1)) }
    }

    /// Distances of two places from the lowest to the highest: `[2 tokens - 1]`, int64.
    func distances() -> String {
        cached(.distances) {
            b.node("Range", b.node("Sub", b.integer(1), length()), length(), b.integer(1))
        }
    }

    /// The place of every query's distance to every key in ``distances()``: `[tokens, tokens]`, int64.
    func distancePlaces() -> String {
        cached(.distancePlaces) {
            let places = b.node("Range", b.integer(0), length(), b.integer(1))
            let distances = b.node(
                "Sub", b.node("Unsqueeze", places, b.integers([1])),
                b.node("Unsqueeze", places, b.integers([0])))
            return b.node("Add", distances, b.node("Sub", length(), b.integer(1)))
        }
    }

    // MARK: Numbers of tokens

    /// Token ids: `[batch, tokens]`, int64.
    var tokenIDs: String {
        guard let ids else { preconditionFailure("the sequence has no token ids") }
        return ids
    }

    /// Position ids, counted over real tokens: `[batch, tokens]`, int64.
    func positions() -> String {
        cached(.positions) {
            let first = numbering?.firstPosition ?? 0
            let real = integers()
            let counted = b.node("CumSum", real, b.integer(1))
            // The first token's count is 1; padding gets a row of the table that exists for any
            // batch.
            let ids = b.node("Add", counted, b.integer(first - 1))
            return b.node("Max", ids, b.integer(max(0, first - 1)))
        }
    }

    /// Token types: `[batch, tokens]`, int64.
    ///
    /// They are the caller's: what a text holds, a separator even, cannot change them.
    func types() -> String {
        cached(.types) { typeIDs ?? b.node("Mul", tokenIDs, b.integer(0)) }
    }
}
