"""Trains small SentencePiece vocabularies for ALBERT and DeBERTa-v2 and writes what Hugging Face's tokenizers
make of some hundred strings and pairs.

    pip install transformers sentencepiece protobuf
    python make_unigram.py        # writes the directories beside this file, unigram.jsonl, unigram-pairs.jsonl

Made with transformers 5.24, tokenizers 0.23.3, sentencepiece 0.2.3. `albert` and `deberta` hold a SentencePiece model
alone; `albert-json` holds what published ALBERT checkpoints hold, a `tokenizer.json` that older versions converted.
"""

import io
import json
import os
import random
import shutil
import tempfile
import types

import sentencepiece
from make_tokenizers import HERE, TEXTS, strings
from tokenizers import AddedToken
from transformers import AutoTokenizer
from transformers.convert_slow_tokenizer import AlbertConverter

RULES = [("2026", "002E 002E 002E"), ("FB01", "0066 0069"), ("00BD", "0031 2044 0032"), ("FF21", "0041"),
         ("200B", "0020"), ("00A0", "0020"), ("0009", "0020"), ("0065 0301", "00E9")]
OWN = ["x-y (z) \"q\" 1987, 9,9 £5.-", "``quoted'' '''three''' ```", "a\u2581b \u2581\u2581c", "…wait… ﬁne ½ Ａ",
       "e\u0301te\u0301 été", "a\u00a0b\u2003\u2003c\u3000d", "a [MASK] b", "a[MASK]b", "a [MASK][SEP] ", "tab\tand\nline\r\nend",
       "trailing   ", "  leading", "中文字 x 中", "1,2 12,345 7,", "-", "(", "[CLS]", "\u2581", " \u2581 ", "İIıi ẞß ΣΑΣ",
       "각 가 한국어", "x\u200by z\ufeff", "don't ``stop''", "a\u2028b\u0085c"]


def train(path, special, rules=None):
    model = io.BytesIO()
    options = dict(normalization_rule_name="nmt_nfkc")
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as file:
        if rules:
            file.write("".join(f"{a}\t{b}\n" for a, b in rules))
            file.flush()
            options = dict(normalization_rule_tsv=file.name)
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(TEXTS * 3), model_writer=model, model_type="unigram", num_threads=1,
            hard_vocab_limit=False, vocab_size=700, minloglevel=2, **options, **special)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(model.getvalue())


def write(name, file, value):
    with open(os.path.join(HERE, name, file), "w") as handle:
        json.dump(value, handle, separators=(",", ":"))


def make():
    albert = dict(pad_id=0, unk_id=1, bos_id=-1, eos_id=-1, control_symbols=["[CLS]", "[SEP]", "[MASK]"],
                  user_defined_symbols=["(", ")", '"', "-", ".", "–", "£", "€"])
    train(os.path.join(HERE, "albert/spiece.model"), albert)
    write("albert", "tokenizer_config.json", {"tokenizer_class": "AlbertTokenizer"})

    converted = os.path.join(HERE, "albert-json")
    train(os.path.join(converted, "spiece.model"), albert | dict(user_defined_symbols=albert["user_defined_symbols"] + ["7,"]),
          RULES)
    ids = {piece: i for i, piece in enumerate(["<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]"])}
    slow = types.SimpleNamespace(
        vocab_file=os.path.join(converted, "spiece.model"), keep_accents=False, do_lower_case=True,
        convert_tokens_to_ids=ids.get, add_prefix_space=True, legacy=True)
    tokenizer = AlbertConverter(slow).converted()
    tokenizer.add_special_tokens([AddedToken(text, normalized=False, special=True) for text in list(ids)[:4]])
    tokenizer.add_special_tokens([AddedToken("[MASK]", lstrip=True, normalized=False, special=True)])
    # The published files are older than the converter's adding of user-defined pieces.
    content = json.loads(tokenizer.to_str())
    content["added_tokens"] = [token for token in content["added_tokens"] if token["special"]]
    write("albert-json", "tokenizer.json", content)
    os.remove(os.path.join(converted, "spiece.model"))
    write("albert-json", "tokenizer_config.json", {"do_lower_case": True, "keep_accents": False})
    write("albert-json", "config.json", {"model_type": "albert"})

    deberta = dict(pad_id=0, bos_id=1, eos_id=2, unk_id=3, pad_piece="[PAD]", bos_piece="[CLS]", eos_piece="[SEP]",
                   unk_piece="[UNK]")
    train(os.path.join(HERE, "deberta/spm.model"), deberta, RULES)
    write("deberta", "tokenizer_config.json", {"tokenizer_class": "DebertaV2Tokenizer", "do_lower_case": False})
    train(os.path.join(HERE, "deberta-lower/spm.model"), deberta, RULES)
    write("deberta-lower", "tokenizer_config.json", {
        "do_lower_case": True, "mask_token": {"__type": "AddedToken", "content": "[MASK]", "lstrip": True,
                                              "rstrip": False, "single_word": False, "normalized": False}})
    write("deberta-lower", "config.json", {"model_type": "deberta-v2"})


def main():
    names = ["albert", "albert-json", "deberta", "deberta-lower"]
    for name in names:
        shutil.rmtree(os.path.join(HERE, name), ignore_errors=True)
        os.makedirs(os.path.join(HERE, name))
    make()
    tokenizers = {}
    for name in names:
        # The library wants to know the architecture; the loader under test need not.
        with tempfile.TemporaryDirectory() as copy:
            shutil.copytree(os.path.join(HERE, name), copy, dirs_exist_ok=True)
            with open(os.path.join(copy, "config.json"), "w") as file:
                json.dump({"model_type": "albert" if "albert" in name else "deberta-v2"}, file)
            tokenizers[name] = AutoTokenizer.from_pretrained(copy)
            print(name, type(tokenizers[name]).__name__, len(tokenizers[name]))
    generator = random.Random(11)
    chosen = list(OWN)
    for text in strings(generator):
        if text not in chosen:
            chosen.append(text)
        if len(chosen) == 500:
            break
    with open(os.path.join(HERE, "unigram.jsonl"), "w", encoding="utf-8") as file:
        for text in chosen:
            row = [text] + [tokenizer(text)["input_ids"] for tokenizer in tokenizers.values()]
            file.write(json.dumps(row, ensure_ascii=True, separators=(",", ":")) + "\n")
    with open(os.path.join(HERE, "unigram-pairs.jsonl"), "w", encoding="utf-8") as file:
        for _ in range(60):
            first, second = generator.choice(chosen), generator.choice(chosen)
            limit = generator.choice([4, 5, 6, 7, 8, 9, 12, 16, 17, 512])
            row = [first, second, limit]
            for tokenizer in tokenizers.values():
                found = tokenizer(first, second, truncation="longest_first", max_length=limit,
                                  return_token_type_ids=True)
                row += [found["input_ids"], sum(found["token_type_ids"])]
            file.write(json.dumps(row, ensure_ascii=True, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
