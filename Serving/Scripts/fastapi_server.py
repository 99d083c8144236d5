"""The server that knas-serve is compared with: FastAPI and onnxruntime, one text at a time.

    knas export runs/front-desk --format onnx --output /tmp/front-desk.onnx   # tokenizer.json beside it
    pip install fastapi uvicorn onnxruntime tokenizers
    MODEL=/tmp/front-desk.onnx uvicorn --app-dir Serving/Scripts fastapi_server:app --port 8090
    Serving/Scripts/load.py http://127.0.0.1:8090 front-desk --path /classify --clients 64
    Serving/Scripts/load.py http://127.0.0.1:8080 front-desk --clients 64

The same ONNX model, the same cores, batches of one: what most people write first.
"""

import json
import os
from pathlib import Path

import numpy as np
import onnxruntime
from fastapi import FastAPI
from pydantic import BaseModel
from tokenizers import Tokenizer

PATH = Path(os.environ["MODEL"])
session = onnxruntime.InferenceSession(PATH, providers=["CPUExecutionProvider"])
metadata = session.get_modelmeta().custom_metadata_map
labels = json.loads(metadata["labels"]) if "labels" in metadata else None
tokenizer = Tokenizer.from_file(str(PATH.with_name("tokenizer.json")))
inputs = {entry.name for entry in session.get_inputs()}
app = FastAPI()


class Text(BaseModel):
    text: str


# Not async: FastAPI runs it on a thread, so that both cores are used.
@app.post("/classify")
def classify(body: Text) -> dict:
    encoding = tokenizer.encode(body.text)
    fields = {
        "input_ids": encoding.ids,
        "attention_mask": encoding.attention_mask,
        "token_type_ids": encoding.type_ids,
    }
    feed = {name: np.array([value], np.int64) for name, value in fields.items() if name in inputs}
    logits = session.run(None, feed)[0][0]
    shares = np.exp(logits - logits.max())
    shares /= shares.sum()
    names = labels or [str(place) for place in range(len(shares))]
    best = int(shares.argmax())
    return {
        "label": names[best],
        "probability": float(shares[best]),
        "probabilities": dict(zip(names, shares.tolist(), strict=True)),
    }
