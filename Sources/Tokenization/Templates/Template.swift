/// Where special tokens go around a text and around a pair.
struct Template: Sendable, Equatable {
    enum Item: Sendable, Equatable {
        /// A special token and its segment id.
        case special(Int32, segment: Int32)
        /// The first text and its segment id.
        case first(segment: Int32)
        case second(segment: Int32)

        fileprivate var isSpecial: Bool { if case .special = self { true } else { false } }
    }

    let single: [Item]
    let pair: [Item]

    /// `[CLS] a [SEP]`, `[CLS] a [SEP] b [SEP]` with segment 1 from `b` on.
    static func bert(begin: Int32, separator: Int32) -> Template {
        let head: [Item] = [
            .special(begin, segment: 0), .first(segment: 0), .special(separator, segment: 0),
        ]
        return Template(
            single: head, pair: head + [.second(segment: 1), .special(separator, segment: 1)])
    }

    /// `<s> a </s>`, `<s> a </s></s> b </s>`, all of segment 0.
    static func roberta(begin: Int32, separator: Int32) -> Template {
        let end = Item.special(separator, segment: 0)
        let head = [.special(begin, segment: 0), .first(segment: 0), end]
        return Template(single: head, pair: head + [end, .second(segment: 0), end])
    }

    /// No special tokens (GPT-2).
    static let plain = Template(
        single: [.first(segment: 0)], pair: [.first(segment: 0), .second(segment: 1)])

    /// The ids of texts, truncated to `maximumLength` tokens including special ones.
    ///
    /// - Parameter second: used only where there is a pair.
    func apply(_ first: [Int32], _ second: [Int32]?, maximumLength: Int) -> TokenizedText {
        let items = second == nil ? single : pair
        let room = max(0, maximumLength) - items.count(where: \.isSpecial)
        let (firstCount, secondCount) = Truncation.longestFirst(
            first.count, second?.count ?? 0, to: room)
        var text = TokenizedText(ids: [], segmentIDs: [])
        func append(_ ids: ArraySlice<Int32>, _ segment: Int32) {
            text.ids += ids
            text.segmentIDs += repeatElement(segment, count: ids.count)
        }
        for item in items {
            switch item {
            case .special(let id, let segment): append([id], segment)
            case .first(let segment): append(first.prefix(firstCount), segment)
            case .second(let segment): append((second ?? []).prefix(secondCount), segment)
            }
        }
        return text
    }

    /// Ids are below this, those of the vocabulary and of added tokens among them.
    func vocabularySize(largestID: Int32, _ added: [AddedTokens.Token]) -> Int {
        Int(max(largestID, self.largestID, added.map(\.id).max() ?? -1)) + 1
    }

    /// The largest special id, or -1.
    private var largestID: Int32 {
        (single + pair).reduce(-1) { largest, item in
            if case .special(let id, _) = item { max(largest, id) } else { largest }
        }
    }

    /// Part of a tokenizer's digest.
    var summary: String {
        func spell(_ items: [Item]) -> String {
            items.map { item in
                switch item {
                case .special(let id, let segment): "\(id):\(segment)"
                case .first(let segment): "a:\(segment)"
                case .second(let segment): "b:\(segment)"
                }
            }.joined(separator: " ")
        }
        return "\(spell(single)) | \(spell(pair))"
    }
}

/// A tokenizer that gives ids to a text by itself; a template adds the special tokens.
protocol TemplatedTokenizer: Tokenizer {
    var template: Template { get }
    /// Without special tokens.
    func ids(_ text: String) -> [Int32]
}

extension TemplatedTokenizer {
    func encode(_ text: String, pair: String?, maximumLength: Int) -> TokenizedText {
        template.apply(ids(text), pair.map(ids), maximumLength: maximumLength)
    }
}
