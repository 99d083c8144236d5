import Encoders
import Features
import Foundation
import Support
import Tensors

/// What this installation consists of, and what is wrong with it.
public struct Diagnosis: Encodable, Sendable {
    /// An installed encoder.
    public struct InstalledEncoder: Encodable, Sendable {
        /// The name that it is installed under.
        public let name: String
        /// Size of its files.
        public let bytes: Int
        /// Its architecture; `nil` where it cannot be used.
        public let family: String?
        /// Why it cannot be used, or `nil`.
        public let problem: String?
    }

    /// Version of the program.
    public let version: String
    /// Which matrix-product kernels OpenBLAS chose; results with other kernels differ in the last
    /// bits.
    public let matrixKernels: String
    /// Processors that threads can use.
    public let cores: Int
    /// Memory of the machine.
    public let memoryBytes: Int
    /// Where encoders and features are kept.
    public let home: String
    /// Whether that directory can be written.
    public let isHomeWritable: Bool
    /// Free space there; `nil` where the system does not say.
    public let freeBytes: Int?
    /// All installed encoders, by name.
    public let encoders: [InstalledEncoder]
    /// Size of the cached features.
    public let featureCacheBytes: Int
    /// What to do, most urgent first; empty where everything is fine.
    public let advice: [String]

    /// Looks at everything; opens every encoder.
    public init() {
        version = Version.current
        matrixKernels = BLAS.kernelName
        cores = Parallel.availableThreads
        memoryBytes = Int(ProcessInfo.processInfo.physicalMemory)
        let home = EncoderStore.home
        self.home = home.path
        let nearest = Self.nearest(home)
        isHomeWritable = FileManager.default.isWritableFile(atPath: nearest)
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: nearest)
        freeBytes = (attributes?[.systemFreeSize] as? NSNumber)?.intValue
        encoders = EncoderStore.installed().map { name in
            let url = EncoderStore.directory.appendingPathComponent(name)
            do {
                let encoder = try Encoder(directory: url)
                _ = try encoder.graph(layers: [encoder.configuration.layers])
                return InstalledEncoder(
                    name: name, bytes: Self.size(url), family: encoder.configuration.modelType,
                    problem: nil)
            } catch {
                return InstalledEncoder(
                    name: name, bytes: Self.size(url), family: nil, problem: "\(error)")
            }
        }
        featureCacheBytes = Self.size(FeatureCache.directory)
        advice = Self.advice(
            encoders, isHomeWritable: isHomeWritable, home: home.path, free: freeBytes,
            memory: memoryBytes, kernels: matrixKernels, cache: featureCacheBytes)
    }

    private static func advice(
        _ encoders: [InstalledEncoder], isHomeWritable: Bool, home: String, free: Int?,
        memory: Int, kernels: String, cache: Int
    ) -> [String] {
        var advice: [String] = []
        if !isHomeWritable {
            advice.append("\(home) cannot be written: set KNAS_HOME to a directory that can")
        }
        for encoder in encoders {
            if let problem = encoder.problem {
                advice.append(
                    "encoder \(encoder.name) cannot be used (\(problem)): install it again, or "
                        + "remove \(home)/encoders/\(encoder.name)")
            }
        }
        if !encoders.contains(where: { $0.name == EncoderStore.defaultName && $0.problem == nil }) {
            advice.append("the default encoder is missing: run 'knas encoder install'")
        }
        if let free, free < 2 << 30 {
            advice.append(
                "less than 2 GB are free for features"
                    + (cache > 0 ? ": remove \(home)/features, which can be recomputed" : ""))
        }
        if memory < 2 << 30 {
            advice.append("this machine has less than the 2 GB of memory that a search may need")
        }
        if kernels.lowercased() == "prescott" || kernels.lowercased() == "generic" {
            advice.append(
                "OpenBLAS uses its \(kernels) kernels, several times slower than it could be: "
                    + "install a newer OpenBLAS, or see OPENBLAS_CORETYPE")
        }
        return advice
    }

    /// A directory, or its nearest existing parent.
    private static func nearest(_ url: URL) -> String {
        var url = url
        while !FileManager.default.fileExists(atPath: url.path), url.path != "/" {
            url.deleteLastPathComponent()
        }
        return url.path
    }

    /// Bytes of all files below a directory; links count as their targets.
    private static func size(_ url: URL) -> Int {
        guard let files = FileManager.default.enumerator(atPath: url.path) else { return 0 }
        return files.compactMap { $0 as? String }.reduce(0) { sum, name in
            let file = url.appendingPathComponent(name).resolvingSymlinksInPath()
            let attributes = try? FileManager.default.attributesOfItem(atPath: file.path)
            guard attributes?[.type] as? FileAttributeType == .typeRegular else { return sum }
            return sum + ((attributes?[.size] as? NSNumber)?.intValue ?? 0)
        }
    }
}
