import COneDNN
import Support

/// What the products of an encoder's linear layers, and of their gradients, are computed in.
public enum Precision: String, Sendable, Hashable, CaseIterable {
    /// 24 bits of significand throughout.
    case float32
    /// Factors are rounded to bfloat16, 8 bits of significand, and products added up in float32:
    /// about twice as fast where the processor has instructions for it. Needs oneDNN 2
    /// (`libdnnl-dev` to build, `libdnnl2` to run) and AVX512-BF16.
    case bfloat16 = "bf16"

    /// - Throws: `BadOption` that says what is missing.
    public func checkAvailable() throws {
        guard self == .bfloat16 else { return }
        try Self.check(knas_bf16_available())
    }

    /// Whether it can be used on this machine, by this program.
    public var isAvailable: Bool { (try? checkAvailable()) != nil }

    static func check(_ state: knas_bf16_state) throws {
        let missing: String
        switch state {
        case KNAS_BF16_READY: return
        case KNAS_BF16_NOT_BUILT:
            missing = "a program built on x86-64 where libdnnl-dev (oneDNN 2) is installed"
        case KNAS_BF16_NO_LIBRARY: missing = "the library libdnnl.so.2 (package libdnnl2)"
        default: missing = "a processor with AVX512-BF16"
        }
        throw BadOption(
            name: "--precision", value: Self.bfloat16.rawValue,
            expected: "float32, or for bf16 \(missing)")
    }
}

/// The weights of a linear layer, `[outputs, inputs]`, rounded to bfloat16 for products with them.
public final class BFloat16Linear: @unchecked Sendable {
    private let weights: OpaquePointer
    /// Elements of a row of the result.
    public let outputs: Int
    /// Elements of a row of the input.
    public let inputs: Int

    /// - Parameters:
    ///   - weights: `[outputs, inputs]`.
    ///   - bias: `[outputs]`, kept in float32.
    /// - Throws: `BadOption` where ``Precision/bfloat16`` cannot be used, `NoMemory`.
    public init(
        _ weights: UnsafePointer<Float>, bias: UnsafePointer<Float>?, outputs: Int, inputs: Int
    ) throws {
        try Precision.bfloat16.checkAvailable()
        guard let packed = knas_bf16_pack(Int64(outputs), Int64(inputs), weights, bias) else {
            throw NoMemory(megabytes: max(1, outputs * inputs * 2 >> 20), threads: 1)
        }
        self.weights = packed
        self.outputs = outputs
        self.inputs = inputs
    }

    deinit { knas_bf16_free(weights) }

    /// Writes `x transpose(weights) + bias`, `[rows, outputs]`, with `x` `[rows, inputs]` rounded to
    /// bfloat16. Each row of the result depends on one row of `x` alone, to the last bit.
    /// - Complexity: 2 rows outputs inputs operations.
    public func multiply(
        _ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>
    ) {
        let status = knas_bf16_multiply(weights, Int64(rows), x, y)
        precondition(status == 0, "oneDNN failed with status \(status)")
    }
}
