"""Writes the ids and hidden states that PyTorch gives for all-MiniLM-L6-v2.

    python make_minilm.py DIRECTORY      # the installed encoder; writes minilm.safetensors here
"""

import json
import os
import sys

import torch
from safetensors.torch import save_file
from transformers import AutoTokenizer, BertModel

TEXTS = [
    ("The mill by the river burnt down in 1987.", None),
    ("Élodie's naïve café-owner can't pay €5,000!", None),
    ("河水很浅 and 子ども walked — 안녕하세요 [MASK] \u200bInternationalisation", None),
    ("Is the bridge open?", "The bridge has been closed since Monday's flood."),
    ("", None),
]


def main():
    directory = sys.argv[1]
    tokenizer = AutoTokenizer.from_pretrained(directory)
    model = BertModel.from_pretrained(directory, attn_implementation="eager").eval().float()
    tensors = {}
    for index, (text, pair) in enumerate(TEXTS):
        inputs = tokenizer(text, pair, return_tensors="pt", truncation=True, max_length=512)
        with torch.no_grad():
            states = model(**inputs).last_hidden_state[0]
        tensors[f"{index}.input_ids"] = inputs["input_ids"][0].int().contiguous()
        tensors[f"{index}.token_type_ids"] = inputs["token_type_ids"][0].int().contiguous()
        tensors[f"{index}.last_hidden_state"] = states.contiguous()
    texts = json.dumps([{"text": text, "pair": pair} for text, pair in TEXTS])
    here = os.path.dirname(os.path.abspath(__file__))
    save_file(tensors, os.path.join(here, "minilm.safetensors"), metadata={"texts": texts})


if __name__ == "__main__":
    main()
