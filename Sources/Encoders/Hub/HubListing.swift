import Foundation
import Support

/// What the hub says is in a repository, and which files an encoder needs.
struct HubListing {
    let commit: String
    /// Paths of all files.
    let files: [String]

    /// Reads `GET /api/models/ID/revision/REVISION`.
    /// - Throws: ``HubError``.
    init(_ body: Data, repository: String, url: URL) throws {
        struct Answer: Decodable {
            struct Sibling: Decodable { let rfilename: String }
            let sha: String
            let siblings: [Sibling]
        }
        guard let answer = try? JSONDecoder().decodeChecked(Answer.self, from: body),
            Self.isCommit(answer.sha)
        else {
            throw HubError.badAnswer(
                url: url.absoluteString, reason: "expected a model's commit and files as JSON")
        }
        commit = answer.sha
        files = answer.siblings.map(\.rfilename)
        if let name = files.first(where: { !HubReference.isSafe($0) }) {
            throw HubError.unsafeName(repository: repository, name: name)
        }
    }

    static func isCommit(_ text: String) -> Bool {
        text.count == 40 && text.allSatisfy { $0.isASCII && $0.isHexDigit }
    }

    static let index = "model.safetensors.index.json"
    private static let weights = "model.safetensors"
    private static let pickles = [".bin", ".pt", ".pth", ".ckpt", ".h5", ".msgpack"]
    private static let tokenizer = [
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt",
        "vocab.json", "merges.txt", "sentencepiece.bpe.model", "spiece.model", "tokenizer.model",
        "spm.model",
    ]

    /// What is fetched before the weights: the configuration, the tokenizer, the index of shards.
    /// - Throws: ``HubError`` where the repository holds no encoder that can be read.
    func smallFiles(_ repository: String) throws -> [String] {
        guard files.contains("config.json") else {
            throw HubError.noConfiguration(repository: repository)
        }
        guard files.contains(Self.weights) || files.contains(Self.index) else {
            throw HubError.noSafetensors(
                repository: repository,
                found: files.filter { name in Self.pickles.contains { name.hasSuffix($0) } })
        }
        var result = ["config.json"] + Self.tokenizer.filter(files.contains)
        if !files.contains(Self.weights) { result.append(Self.index) }
        return result
    }

    /// The weights: one file, or the shards that an index names.
    /// - Parameter index: the content of ``index`` where there is no single file.
    /// - Throws: ``HubError``.
    func weightFiles(_ repository: String, index: Data?) throws -> [String] {
        guard let index else { return [Self.weights] }
        struct Index: Decodable {
            let weightMap: [String: String]
            enum CodingKeys: String, CodingKey { case weightMap = "weight_map" }
        }
        guard let map = try? JSONDecoder().decodeChecked(Index.self, from: index).weightMap else {
            throw HubError.badAnswer(
                url: "\(repository)/\(Self.index)", reason: "expected a weight_map")
        }
        let shards = Set(map.values).sorted()
        for shard in shards {
            guard HubReference.isSafe(shard), !shard.contains("/") else {
                throw HubError.unsafeName(repository: repository, name: shard)
            }
            guard files.contains(shard) else {
                throw HubError.notFound(repository: repository, what: "file \(shard)")
            }
        }
        return shards
    }
}
