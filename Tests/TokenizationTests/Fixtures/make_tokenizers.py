"""Trains small vocabularies with the Python package `tokenizers` (0.23.3) and writes what its fast
tokenizers make of some thousand strings of many scripts.

    python make_tokenizers.py        # writes the directories beside this file
"""

import json
import os
import random

from tokenizers import (
    AddedToken,
    Tokenizer,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

HERE = os.path.dirname(os.path.abspath(__file__))
TEXTS = """The river was low this summer, and the children walked across it on the stones.
She didn't say they'd come, but we've kept the tables; I'm sure he'll ask, and you're late.
In 1987 the mill burnt down; 12,345 bricks were sold at 0.75 each (that's all we know).
Der Fluß führte wenig Wasser, und die Mädchen liefen über die großen Steine.
Les élèves français ont déjà mangé à la cantine; où est passé le garçon naïf?
El niño comió piñas en el jardín mañana por la mañana. ¿Quién sabe cuándo? ¡Nadie!
Żółta łódź płynęła powoli wzdłuż brzegu. Příliš žluťoučký kůň. İstanbul'da ışık yandı.
Река этим летом обмелела, и дети переходили её по камням. Ёлка стояла у дома.
Το ποτάμι είχε λίγο νερό και τα παιδιά περνούσαν πάνω στις πέτρες. ΟΔΟΣ Σίσυφος.
النهر منخفض هذا الصيف والأطفال يعبرون فوق الحجارة. كِتَابٌ جَدِيدٌ
הנהר היה נמוך בקיץ והילדים עברו על האבנים. שָׁלוֹם עֲלֵיכֶם
नदी में पानी कम था और बच्चे पत्थरों पर चलकर पार गए। क्या तुम आओगे?
এই গ্রীষ্মে নদীতে জল কম ছিল। শিশুরা পাথরের উপর দিয়ে হেঁটে গেল।
இந்த கோடையில் ஆற்றில் தண்ணீர் குறைவாக இருந்தது.
แม่น้ำมีน้ำน้อยในฤดูร้อนนี้ เด็กๆ เดินข้ามบนก้อนหิน
今年夏天河水很浅,孩子们踩着石头过河。他说:“你好,世界!”
この夏は川の水が少なく、子どもたちは石の上を渡った。カタカナとひらがな。ｶﾞｷﾞ
이번 여름에는 강물이 얕아서 아이들이 돌을 밟고 건넜다. 안녕하세요
Mùa hè này nước sông cạn, bọn trẻ đi qua trên những hòn đá. Đường phố Hà Nội.
მდინარე ამ ზაფხულს დაბალი იყო. Գետը այս ամառ ցածր էր։ ᏣᎳᎩ ወንዙ ዝቅተኛ ነበር።
🧪 👩‍👩‍👧 👍🏽 ½ ² Ⅷ ① ㎡ ﬁ ﬂ … — – “quotes” ‘single’ «guillemets» €5 £6 ¥7 ©2020 x²+y²=z²
HTTP/1.1 200 OK\tfile_name.txt a/b/c C:\\dir user@example.org #tag 50% A&B <b>bold</b> [x] {y} ~z^`""".split("\n")
ODD = ["\u0000", "\u0007", "\u0085", "\u00a0", "\u00ad", "\u0300", "\u0301\u0323", "\u0345", "\u0600", "\u0640",
       "\u093f", "\u1680", "\u1734", "\u180e", "\u1885", "\u200b", "\u200d", "\u200e", "\u2003", "\u2028", "\u202f",
       "\u2066", "\u20dd", "\u2e4f", "\u3000", "\u3099", "\u30fb", "\u9fff", "\ua980\ua9bd", "\ue000", "\ufe0f",
       "\ufeff", "\uff01", "\uff21", "\ufffd", "\uffff", "\U00010400", "\U000111c9", "\U00012000", "\U0001d400",
       "\U0001f1e9\U0001f1ea", "\U00020000", "\U0002b820", "\U0002ceaf", "\U000323af", "\U000e0001", "\U0010ffff",
       "İ", "ẞ", "ŉ", "ǰ", "Σ", "ς", "Å", "Ω", "가", "ᄀ", "ᅡ", "'s", "'S", "'ll", "''re", " 'd", "'", "\t", "\n",
       "\r\n", "\x0b", "\x0c", "   ", "  \n", "-", "--", ".", "x" * 101, "é" * 100, "é" * 101]
SPECIAL = ["[CLS]", "[SEP]", "[MASK]", "[UNK]", "[PAD]", "<s>", "</s>", "<mask>", "<pad>", "<unk>", "[mask]", " <mask> ",
           "[ SEP]", "<extra>", "Extra", "extra", "new york", "New York"]


def strings(generator):
    words = [word for text in TEXTS for word in text.split()]
    for text in TEXTS:
        yield text
        yield text.upper()
        yield text.title()
    for text in ["", " ", "  ", "\n", "a", "é", "中", "[SEP]", "<mask>", "\u0301", "\x00", "\u200b"] + ODD + SPECIAL:
        yield text
    while True:
        parts = []
        for _ in range(generator.randint(1, 5)):
            kind = generator.random()
            if kind < 0.6:
                word = generator.choice(words)
                parts.append(word if generator.random() < 0.8 else word.swapcase())
            elif kind < 0.8:
                parts.append(generator.choice(ODD[:-3] if generator.random() < 0.95 else ODD))
            elif kind < 0.85:
                parts.append(generator.choice(SPECIAL))
            else:
                limit = generator.choice([0x80, 0x250, 0x3000, 0x10000, 0x20000, 0x110000])
                point = generator.randrange(limit)
                if not 0xD800 <= point < 0xE000 and point != 0x11938:
                    parts.append(chr(point))
            parts.append(generator.choice([" ", " ", "", "", "  ", "\t"]))
        yield "".join(parts)[: generator.choice([200, 40, 30])]


def wordpiece(lower):
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lower)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(
        TEXTS, trainers.WordPieceTrainer(vocab_size=1100, special_tokens=names, show_progress=False))
    begin, end = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", begin), ("[SEP]", end)])
    return tokenizer


def byte_level(prefix):
    names = [AddedToken(name, normalized=False) for name in ["<s>", "<pad>", "</s>", "<unk>"]]
    names.append(AddedToken("<mask>", lstrip=True, normalized=False))
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix)
    tokenizer.train_from_iterator(
        TEXTS, trainers.BpeTrainer(vocab_size=1000, special_tokens=names, show_progress=False,
                                   initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    tokenizer.post_processor = processors.RobertaProcessing(
        ("</s>", tokenizer.token_to_id("</s>")), ("<s>", tokenizer.token_to_id("<s>")),
        add_prefix_space=prefix)
    return tokenizer


def main():
    generator = random.Random(7)
    cased = wordpiece(False)
    cased.add_tokens([AddedToken("Extra", normalized=True, single_word=True),
                      AddedToken("New York", normalized=True, rstrip=True)])
    lower = wordpiece(True)
    lower.add_tokens([AddedToken("New York", normalized=True)])
    prefixed = byte_level(True)
    prefixed.add_tokens([AddedToken("<extra>", normalized=True, lstrip=True, rstrip=True)])
    tokenizers = {"wordpiece-lower": lower, "wordpiece-cased": cased, "bytes": byte_level(False),
                  "bytes-prefix": prefixed}
    for name, tokenizer in tokenizers.items():
        directory = os.path.join(HERE, name)
        os.makedirs(directory, exist_ok=True)
        tokenizer.save(os.path.join(directory, "tokenizer.json"), pretty=False)
        # The same without added tokens as plain files.
        tokenizer.model.save(directory)
    stream = strings(generator)
    chosen = []
    for text in stream:
        if text not in chosen:
            chosen.append(text)
        if len(chosen) == 2100:
            break
    with open(os.path.join(HERE, "strings.jsonl"), "w", encoding="utf-8") as file:
        for text in chosen:
            row = [text] + [tokenizer.encode(text).ids for tokenizer in tokenizers.values()]
            file.write(json.dumps(row, ensure_ascii=True, separators=(",", ":")) + "\n")
    with open(os.path.join(HERE, "pairs.jsonl"), "w", encoding="utf-8") as file:
        for _ in range(150):
            first, second = generator.choice(chosen), generator.choice(chosen)
            limit = generator.choice([4, 5, 6, 7, 8, 9, 12, 16, 17, 512])
            row = [first, second, limit]
            for tokenizer in tokenizers.values():
                tokenizer.enable_truncation(limit, strategy="longest_first")
                found = tokenizer.encode(first, second)
                row += [found.ids, sum(found.type_ids)]
                tokenizer.no_truncation()
            file.write(json.dumps(row, ensure_ascii=True, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
