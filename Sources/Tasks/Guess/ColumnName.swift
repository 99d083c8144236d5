/// What the name of a column says about what is in it.
struct ColumnName {
    /// Words of the name in lower case, numbers apart: `reviewText` is review, text; `#1 String` is 1,
    /// string.
    let words: [String]

    init(_ name: String) {
        var words: [String] = []
        var word = ""
        var last: Character = " "
        func kind(_ character: Character) -> Int {
            character.isNumber ? 2 : character.isLetter ? 1 : 0
        }
        for character in name {
            let isHump = character.isUppercase && last.isLowercase
            if kind(character) != kind(last) || isHump {
                if !word.isEmpty { words.append(word) }
                word = ""
            }
            if kind(character) != 0 { word += character.lowercased() }
            last = character
        }
        if !word.isEmpty { words.append(word) }
        self.words = words
    }

    /// The words with `_` between them.
    private var whole: String { words.joined(separator: "_") }

    // MARK: Roles

    private static let labels: [Set<String>] = [
        [
            "label", "labels", "target", "class", "y", "gold", "gold_label", "class_label",
            "label_text", "label_name", "class_index", "ground_truth", "is_duplicate",
        ],
        [
            "category", "categories", "class_name", "intent", "stars", "star", "rating",
            "sentiment", "tag", "tags",
            "topic", "polarity", "emotion", "stance", "type", "quality", "entailment_judgment",
            "verdict", "outcome", "judgment", "relation", "genre", "department",
            "priority", "clazz", "kategorie", "etiqueta", "categoria",
        ],
    ]
    private static let labelWords: Set<String> = [
        "label", "class", "category", "intent", "sentiment", "target", "stars", "rating", "topic",
        "tag", "emotion", "polarity", "duplicate", "score", "overall", "grade",
    ]

    private static let texts: [Set<String>] = [
        [
            "text", "texts", "sentence", "utterance", "message", "content", "body", "review",
            "comment", "tweet", "query", "question", "document", "doc", "post", "passage",
            "premise", "hypothesis", "phrase", "review_text", "review_body", "tweet_text",
            "message_text", "comment_text", "question_text", "article",
        ],
        [
            "title", "headline", "subject", "description", "summary", "string", "input", "prompt",
            "snippet", "transcript", "abstract", "note", "notes", "feedback", "request", "command",
            "sms", "email", "answer", "response", "context", "claim", "evidence", "statement",
        ],
    ]
    private static let others: Set<String> = [
        "id", "idx", "index", "uid", "guid", "uuid", "qid", "pid", "date", "time", "timestamp",
        "datetime", "created", "updated", "url", "link", "author", "user", "username", "split",
        "fold", "lang", "language", "row", "unnamed", "annotator", "worker", "source", "filename",
        "file", "path",
    ]

    /// How clearly this is the name of a label: 0 is the clearest; `nil`: it is not.
    var labelRank: Int? {
        if let rank = Self.labels.firstIndex(where: { $0.contains(whole) }) { return rank }
        let isLabel = words.first == "is" || words.contains(where: Self.labelWords.contains)
        return isLabel ? Self.labels.count : nil
    }

    private static let measures: Set<String> = [
        "score", "similarity", "rating", "grade", "value", "relatedness", "quality", "valence",
        "arousal", "intensity", "probability", "price", "stars", "mark", "percent", "degree",
    ]

    /// Whether it is the name of something that is measured.
    var isMeasure: Bool { words.contains(where: Self.measures.contains) }

    /// How clearly this is the name of a text: 0 is the clearest; `nil`: it is not.
    var textRank: Int? {
        if let rank = Self.texts.firstIndex(where: { $0.contains(whole) }) { return rank }
        guard !isOther, Self.labels.allSatisfy({ !$0.contains(whole) }) else { return nil }
        let isText = words.contains { word in Self.texts.contains { $0.contains(word) } }
        return isText ? Self.texts.count : nil
    }

    /// Whether it is the name of something that is neither: a number, a date, an address.
    var isOther: Bool {
        words.isEmpty || Self.others.contains(whole)
            || words.last.map { ["id", "idx", "date", "url", "link", "time"].contains($0) } == true
            || words.first == "unnamed"
            // qid1 and the like.
            || words.count == 2 && Self.others.contains(words[0]) && Int(words[1]) != nil
    }

    /// Whether the name is one that is known at all.
    var isKnown: Bool {
        (labelRank ?? 9) < 2 || (textRank ?? 9) < 2 || !words.isEmpty && isOther
            || pairStem != nil && textRank != nil
    }

    // MARK: Pairs

    private static let sides: [[String]] = [
        ["1", "2"], ["a", "b"], ["first", "second"], ["left", "right"], ["one", "two"],
    ]

    /// Where one word tells the side of a pair: the others, and which side it is.
    private var pairStem: (words: [String], kind: Int, side: Int)? {
        for (place, word) in words.enumerated().reversed() where words.count > 1 {
            for (kind, pair) in Self.sides.enumerated() {
                guard let side = pair.firstIndex(of: word) else { continue }
                var rest = words
                rest.remove(at: place)
                return (rest, kind, side)
            }
        }
        return nil
    }

    private static let pairs: [(String, [String])] = [
        ("premise", ["hypothesis"]), ("question", ["sentence", "passage", "context"]),
        ("query", ["passage", "document", "title", "text", "product_title"]),
        ("claim", ["evidence"]), ("text", ["hypothesis"]),
    ]
    private static let possiblePairs: [(String, [String])] = [
        ("question", ["answer", "response"]), ("query", ["answer", "response"]),
        ("context", ["response"]), ("prompt", ["response", "answer"]),
    ]

    /// How two columns belong together.
    enum Pairing {
        /// They are the sides of a pair; of several pairs the one with a lower rank is meant.
        case sides(rank: Int)
        /// They may be the sides of a pair, or the first is read alone.
        case possible
    }

    /// How this name, as the first, and another belong together; `nil` where they do not.
    func pairing(with second: ColumnName) -> Pairing? {
        func has(_ list: [(String, [String])]) -> Bool {
            list.contains { $0.0 == whole && $0.1.contains(second.whole) }
        }
        if has(Self.pairs) { return .sides(rank: 0) }
        if has(Self.possiblePairs) { return .possible }
        guard let mine = pairStem, let theirs = second.pairStem, mine.words == theirs.words,
            mine.kind == theirs.kind, mine.side == 0, theirs.side == 1
        else { return nil }
        let stem = mine.words.joined(separator: "_")
        let isText = Self.texts.contains { $0.contains(stem) }
        return .sides(rank: isText ? 0 : 1)
    }
}
