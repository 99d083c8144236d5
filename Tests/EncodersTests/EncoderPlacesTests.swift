import Foundation
import Support
import TestSupport
import Testing

@testable import Encoders

@Suite("Where encoders lie")
struct EncoderPlacesTests {
    private let digest = String(repeating: "0a", count: 32)

    private func place(_ name: String, in directory: URL) throws -> URL {
        let place = directory.appendingPathComponent(name, isDirectory: true)
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        try Data("{}".utf8).write(to: place.appendingPathComponent("config.json"))
        return place
    }

    @Test("of two copies the one that is left is found, and what is gone is forgotten")
    func copies() throws {
        let directory = try TinyEncoder.temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let notes = directory.appendingPathComponent("notes")
        let first = try place("first", in: directory)
        let second = try place("second", in: directory)
        func found() -> String? { EncoderPlaces.directory(ofDigest: digest, in: notes)?.path }
        #expect(found() == nil)
        EncoderPlaces.remember(first, digest: digest, in: notes)
        EncoderPlaces.remember(second, digest: digest, in: notes)
        #expect([first.path, second.path].contains(found()))
        try FileManager.default.removeItem(at: second)
        #expect(found() == first.path)
        let third = try place("third", in: directory)
        EncoderPlaces.remember(third, digest: digest, in: notes)
        let kept = try FileManager.default.contentsOfDirectory(atPath: notes.path)
        #expect(kept.count == 2)
        try FileManager.default.removeItem(at: first)
        try FileManager.default.removeItem(at: third)
        #expect(found() == nil)
        #expect(EncoderPlaces.directory(ofDigest: "../notes", in: notes) == nil)
    }

    @Test("copies that are remembered at once are all known")
    func concurrent() async throws {
        let directory = try TinyEncoder.temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let notes = directory.appendingPathComponent("notes")
        let places = try (0..<8).map { try place("copy-\($0)", in: directory) }
        await withTaskGroup(of: Void.self) { group in
            for place in places {
                group.addTask { EncoderPlaces.remember(place, digest: digest, in: notes) }
            }
        }
        for place in places {
            #expect(EncoderPlaces.directory(ofDigest: digest, in: notes) != nil)
            try FileManager.default.removeItem(at: place)
        }
        #expect(EncoderPlaces.directory(ofDigest: digest, in: notes) == nil)
    }
}
