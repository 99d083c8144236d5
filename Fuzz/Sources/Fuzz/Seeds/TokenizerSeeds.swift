import Foundation
import Mutations
import Tokenization

/// Valid vocabularies of every kind.
enum TokenizerSeeds {
    private static let words = ["\u{2581}", "a", "b", "ab", "\u{2581}a", "the", "é", "e", "quick"]

    static func models() throws -> [FileSet] {
        var models: [[UInt8]] = []
        for type in UInt8(1)...4 {
            var model = ModelSpelling()
            model.modelType = type
            for (index, word) in words.enumerated() { model.add(word, -Float(index) - 1) }
            if type == 2 {
                // Byte-pair encoding takes pieces that may not be used apart again.
                for piece in ["th", "qu", "ui", "ck", "t", "h", "q", "u", "i", "c", "k"] {
                    model.add(piece, -3, .normal)
                }
                model.add("qui", -2, .unused)
                model.add("quic", -1.5, .unused)
            }
            models.append(model.bytes)
            model.add("<user>", 0, .userDefined)
            model.add("ab<", 0, .userDefined)
            model.characterMap = ModelSpelling.smallMap
            models.append(model.bytes)
        }
        var bytes = ModelSpelling()
        // byte_fallback = 35 of the trainer.
        bytes.trainer = [0x98, 0x02, 1]
        for word in words { bytes.add(word) }
        for byte in 0..<256 {
            let digits = String(byte, radix: 16, uppercase: true)
            bytes.add("<0x\(digits.count < 2 ? "0" : "")\(digits)>", -9, .byte)
        }
        models.append(bytes.bytes)
        var classifier = ModelSpelling([
            ("<pad>", .control), ("<unk>", .unknown), ("[CLS]", .control), ("[SEP]", .control),
        ])
        // unk_id = 40, bos_id = 41, eos_id = 42, pad_id = 43; add_dummy_prefix = 3 and
        // remove_extra_whitespaces = 4 of the normaliser are off.
        classifier.trainer = [0xc0, 0x02, 1, 0xc8, 0x02, 2, 0xd0, 0x02, 3, 0xd8, 0x02, 0]
        classifier.normalizer = [3 << 3, 0, 4 << 3, 0, 5 << 3, 1]
        for word in words { classifier.add(word) }
        models.append(classifier.bytes)
        models.append(
            [UInt8](
                try VocabularyTrainer.train(
                    ["a text of no meaning at all", "the quick brown fox"], size: 40,
                    rule: "identity")))
        return models.map { FileSet(["spiece.model": $0]) }
    }

    // MARK: Directories

    static func directories() throws -> [FileSet] {
        let lines = (["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + pieces).joined(
            separator: "\n")
        let settings = """
            {"tokenizer_class":"BertTokenizer","do_lower_case":true,"strip_accents":null,
            "tokenize_chinese_chars":true,"mask_token":{"content":"[MASK]","lstrip":true}}
            """
        let merges = "#version: 0.2\nt h\nth e\nĠ the\na b\nq u\n"
        return [
            FileSet([
                "vocab.txt": Array(lines.utf8), "tokenizer_config.json": Array(settings.utf8),
                "special_tokens_map.json": Array(
                    #"{"cls_token":"[CLS]","unk_token":"[UNK]"}"#.utf8),
            ]),
            FileSet("tokenizer.json", wordPiece),
            FileSet("tokenizer.json", bytePair),
            FileSet([
                "vocab.json": Array(vocabulary(byteTokens).utf8), "merges.txt": Array(merges.utf8),
                "tokenizer_config.json": Array(
                    #"{"tokenizer_class":"RobertaTokenizer","add_prefix_space":false}"#.utf8),
            ]),
            FileSet([
                "tokenizer.model": try models()[0].files["spiece.model"] ?? [],
                "config.json": Array(#"{"model_type":"xlm-roberta"}"#.utf8),
            ]),
        ]
    }

    private static let pieces = [
        "a", "b", "the", "quick", "##a", "##b", "##ck", "é", "e", "##é", "中", "!", "'", "don", "t",
    ]
    private static let byteTokens =
        ["<s>", "<pad>", "</s>", "<unk>", "<mask>", "Ġ", "th", "the", "Ġthe", "ab", "qu"]
        + "abcdefghijklmnopqrstuvwxyz!'Ã©".map { String($0) }

    private static func vocabulary(_ tokens: [String]) -> String {
        "{" + tokens.enumerated().map { "\"\($1)\":\($0)" }.joined(separator: ",") + "}"
    }

    private static var wordPiece: String {
        let tokens = vocabulary(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + pieces)
        return """
            {"version":"1.0","added_tokens":[
            {"id":2,"content":"[CLS]","single_word":false,"lstrip":false,"rstrip":false,"normalized":false},
            {"id":4,"content":"[MASK]","lstrip":true,"rstrip":true,"single_word":true},
            {"id":30,"content":"Né","normalized":true}],
            "normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,
            "strip_accents":null,"lowercase":true},
            "pre_tokenizer":{"type":"BertPreTokenizer"},
            "post_processor":{"type":"TemplateProcessing",
            "single":[{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}},
            {"SpecialToken":{"id":"[SEP]","type_id":0}}],
            "pair":[{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}},
            {"SpecialToken":{"id":"[SEP]","type_id":0}},{"Sequence":{"id":"B","type_id":1}},
            {"SpecialToken":{"id":"[SEP]","type_id":1}}],
            "special_tokens":{"[CLS]":{"id":"[CLS]","ids":[2],"tokens":["[CLS]"]},
            "[SEP]":{"id":"[SEP]","ids":[3],"tokens":["[SEP]"]}}},
            "model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##",
            "max_input_chars_per_word":100,"vocab":\(tokens)}}
            """
    }

    private static var bytePair: String {
        """
        {"added_tokens":[{"id":4,"content":"<mask>","lstrip":true},{"id":0,"content":"<s>"}],
        "normalizer":null,
        "pre_tokenizer":{"type":"ByteLevel","add_prefix_space":true,"use_regex":true},
        "post_processor":{"type":"RobertaProcessing","sep":["</s>",2],"cls":["<s>",0]},
        "model":{"type":"BPE","dropout":null,"unk_token":"<unk>","ignore_merges":false,
        "vocab":\(vocabulary(byteTokens)),
        "merges":["t h",["th","e"],"Ġ the","a b","q u"]}}
        """
    }
}
