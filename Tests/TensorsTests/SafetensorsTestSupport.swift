import Foundation
import Support
import Tensors

/// A directory that is removed with its content.
final class TemporaryDirectory {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory
            .appendingPathComponent("safetensors-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// Writes bytes to a file of the directory.
    @discardableResult
    func write(_ data: Data, _ name: String = "t.safetensors") throws -> URL {
        let file = url.appendingPathComponent(name)
        try data.write(to: file)
        return file
    }
}

/// A safetensors file with the given header text and payload.
func safetensors(_ header: String, payload: Int = 0) -> Data {
    safetensors(Data(header.utf8), payload: payload)
}

func safetensors(_ header: Data, payload: Int = 0) -> Data {
    withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) } + header
        + Data(repeating: 0, count: payload)
}

/// An entry of a header.
func entry(_ name: String, _ dtype: String, _ shape: String, _ offsets: String) -> String {
    #""\#(name)":{"dtype":"\#(dtype)","shape":\#(shape),"data_offsets":\#(offsets)}"#
}

/// Raw bytes of integers.
func littleEndianBytes(_ values: [some FixedWidthInteger]) -> [UInt8] {
    values.flatMap { value in withUnsafeBytes(of: value.littleEndian) { Array($0) } }
}

extension SafetensorsEntry {
    /// A tensor of raw bytes, handed over one by one.
    init(name: String, dtype: SafetensorsDtype, shape: [Int], bytes: [UInt8]) {
        self.init(name: name, dtype: dtype, shape: shape) { sink in
            for byte in bytes { try withUnsafeBytes(of: byte, sink) }
        }
    }
}

/// Reads everything of a file in every way; the errors of dtype and range are expected ones.
func readEverything(_ file: some SafetensorsSource) throws -> Int {
    var bytes = 0
    for name in file.names {
        let info = try file.info(name)
        bytes += try file.bytes(name, expecting: info.shape).reduce(0) { $0 + ($1 == 0 ? 0 : 1) }
        do { bytes += try file.floats(name).count } catch is TensorError {}
        do { bytes += try file.int32s(name).count } catch is TensorError {}
    }
    return bytes
}
