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
    /// How fast products are with `--precision bf16`, as a multiple of float32, measured; `nil` where it is not
    /// available.
    public let bfloat16Speed: Double?
    /// Processors that threads can use.
    public let cores: Int
    /// Memory of the machine.
    public let memoryBytes: Int
    /// Where encoders are kept.
    public let home: String
    /// Where features are kept.
    public let cache: String
    /// Whether features can be written.
    public let isCacheWritable: Bool
    /// Free space for them; `nil` where the system does not say.
    public let freeBytes: Int?
    /// All installed encoders, by name.
    public let encoders: [InstalledEncoder]
    /// Size of the cached features.
    public let featureCacheBytes: Int
    /// The most that is kept of them; `nil` where there is no limit.
    public let featureCacheLimit: Int?
    /// What to do, most urgent first; empty where everything is fine.
    public let advice: [String]

    /// Looks at everything; opens every encoder.
    public init() {
        version = Version.current
        matrixKernels = BLAS.kernelName
        bfloat16Speed = Precision.bfloat16.speed()
        cores = Parallel.availableThreads
        memoryBytes = Int(ProcessInfo.processInfo.physicalMemory)
        let home = Places.encoders
        self.home = home.path
        let cache = Places.cache
        self.cache = cache.path
        let nearest = Self.nearest(cache)
        // Of a disk that is mounted read-only, the permissions say nothing.
        isCacheWritable = access(nearest, W_OK) == 0
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
        featureCacheLimit = try? FeatureStore.limit()
        advice = Self.advice(
            encoders, home: home.path, cache: isCacheWritable ? nil : cache.path, free: freeBytes,
            memory: memoryBytes, kernels: matrixKernels, cached: featureCacheBytes)
    }

    private static func advice(
        _ encoders: [InstalledEncoder], home: String, cache: String?, free: Int?,
        memory: Int, kernels: String, cached: Int
    ) -> [String] {
        var advice: [String] = []
        if let cache {
            advice.append("\(cache) cannot be written: set KNAS_CACHE to a directory that can")
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
                    + (cached > 0 ? ": run 'knas cache clear'; they can be recomputed" : ""))
        }
        if memory < 2 << 30 {
            advice.append("this machine has less than the 2 GB of memory that a search may need")
        }
        if kernels.lowercased() == "prescott" || kernels.lowercased() == "generic" {
            advice.append(
                "OpenBLAS uses its \(kernels) kernels, several times slower than it could be: "
                    + "install a newer OpenBLAS, or see to OPENBLAS_CORETYPE, where it is set")
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
