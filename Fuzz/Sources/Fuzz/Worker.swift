import Foundation
import Mutations
import Support

/// A process that gives a reader one case after another, and may crash.
struct Worker {
    let reader: Reader
    let seed: UInt64
    let corpus: [FileSet]
    let workspace: URL
    let memoryMiB: Int

    /// Growth of the resident size in one case that counts as a failure, in KiB.
    private static let growthKiB = 256 << 10

    /// Runs the cases of a range.
    /// - Throws: what keeps the worker from working at all.
    func run(_ range: Range<Int>) throws {
        let status = try Status(workspace.appendingPathComponent("status"))
        let place = workspace.appendingPathComponent("files")
        limitMemory()
        var onDisk: (base: Int, changed: Set<String>)?
        status.peak = Self.peakKiB()
        for index in range {
            status.index = index
            let (files, base, changed) = reader.files(index, seed: seed, corpus: corpus)
            try put(files, base: base, changed: changed, over: onDisk, at: place)
            onDisk = (base, changed)
            let before = status.peak
            let start = Status.now
            status.started = start
            let failure = autoreleasing { attempt(place, status) }
            let elapsed = Status.now - start
            status.started = 0
            if elapsed > status.slowest {
                status.slowest = elapsed
                status.slowestIndex = index
            }
            status.peak = max(before, Self.peakKiB())
            if let failure { try note(index, failure) }
            if status.peak - before > Self.growthKiB {
                try note(index, "memory: \((status.peak - before) >> 10) MiB more for one case")
            }
        }
        status.isDone = true
    }

    private func autoreleasing(_ body: () -> String?) -> String? {
        #if canImport(ObjectiveC)
            return autoreleasepool(invoking: body)
        #else
            return body()
        #endif
    }

    /// What is wrong with the reader, or `nil`.
    private func attempt(_ place: URL, _ status: Status) -> String? {
        do {
            try reader.read(place)
            status.accepted += 1
            return nil
        } catch let error as any DiagnosedError {
            status.rejected += 1
            // Messages contain what was read.
            return error.description.isEmpty || error.kind == .internalError
                ? "diagnosis: \(error)" : nil
        } catch {
            return "\(type(of: error)): \(error)"
        }
    }

    /// Puts a case's files in place; those that did not change stay.
    private func put(
        _ files: FileSet, base: Int, changed: Set<String>,
        over old: (base: Int, changed: Set<String>)?, at place: URL
    ) throws {
        if let old, old.base == base, !reader.writes {
            let names = old.changed.union(changed)
            try FileSet(files.files.filter { names.contains($0.key) }).write(to: place)
        } else {
            try? FileManager.default.removeItem(at: place)
            try FileManager.default.createDirectory(
                at: place, withIntermediateDirectories: true)
            try files.write(to: place)
        }
    }

    /// Failures that the worker survives go into a file, one per line.
    private func note(_ index: Int, _ text: String) throws {
        let line = "\(index)\t\(text.prefix(400).replacingOccurrences(of: "\n", with: " "))\n"
        let url = workspace.appendingPathComponent("failures")
        if !FileManager.default.fileExists(atPath: url.path) {
            try Data().write(to: url)
        }
        let handle = try FileHandle(forWritingTo: url)
        defer { try? handle.close() }
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(line.utf8))
    }

    // MARK: Memory

    /// Limits the address space to what is mapped now plus a margin: allocating more ends the
    /// worker.
    private func limitMemory() {
        #if canImport(Glibc)
            let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
            let pages = text.split(separator: " ").first.flatMap { Int($0) } ?? 0
            let bytes = rlim_t(pages * sysconf(Int32(_SC_PAGESIZE)) + memoryMiB << 20)
            var limit = rlimit(rlim_cur: bytes, rlim_max: bytes)
            setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
            var none = rlimit(rlim_cur: 0, rlim_max: 0)
            setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        #endif
    }

    private static func peakKiB() -> Int {
        var usage = rusage()
        // RUSAGE_SELF, whose type differs from one C library to another.
        getrusage(0, &usage)
        return usage.ru_maxrss
    }
}
