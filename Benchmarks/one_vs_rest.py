#!/usr/bin/env python3
"""scikit-learn's one-vs-rest logistic regression on the features that an exported linear head reads.

    knas search tasks/requests.yml --encoder all-MiniLM-L6-v2 --layers 6 \\
        --head 'layer(of=6) > projection(width=full) > pool-mean > classifier(norm=standard,hidden=0,dropout=0)' --run runs/head
    knas export runs/head --format onnx --output head.onnx
    python3 Benchmarks/one_vs_rest.py head.onnx tasks/requests

Prints micro F1, macro F1 and mean average precision on test as JSON. The strength of the penalty is the best of
thirteen by micro F1 in five-fold cross-validation on train; the threshold is 0.5. Needs numpy, onnx, onnxruntime,
scikit-learn and tokenizers.
"""

import csv
import json
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, f1_score
from sklearn.model_selection import KFold
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MultiLabelBinarizer, StandardScaler
from tokenizers import Tokenizer

STRENGTHS = [1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1, 3, 10, 30, 100]
MAXIMUM_TOKENS = 96


def linear_input(model):
    """What the last matrix product before the logits reads: the standardised, pooled features."""
    makers = {output: node for node in model.graph.node for output in node.output}
    queue = ["logits"]
    while queue:
        node = makers[queue.pop(0)]
        if node.op_type in ("Gemm", "MatMul"):
            return node.input[0]
        queue += [name for name in node.input if name in makers]
    raise SystemExit("no matrix product before the logits")


def features(model, tokenizer, texts):
    """`[rows, width]`."""
    name = linear_input(model)
    model.graph.output.append(
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
    )
    session = onnxruntime.InferenceSession(model.SerializeToString())
    wanted = {i.name for i in session.get_inputs()}
    rows = []
    for text in texts:
        tokens = tokenizer.encode(text)
        given = {
            "input_ids": tokens.ids,
            "attention_mask": tokens.attention_mask,
            "token_type_ids": tokens.type_ids,
        }
        feeds = {
            k: np.array([v[:MAXIMUM_TOKENS]], np.int64) for k, v in given.items() if k in wanted
        }
        rows.append(session.run([name], feeds)[0].reshape(-1))
    return np.stack(rows)


def read(path):
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    return [row["message"] for row in rows], [
        [x for x in row["requests"].split(";") if x] for row in rows
    ]


def classifier(strength):
    return make_pipeline(
        StandardScaler(), OneVsRestClassifier(LogisticRegression(C=strength, max_iter=5000))
    )


def main():
    model_path, directory = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    model = onnx.load(model_path)
    tokenizer = Tokenizer.from_file(
        str(
            model_path.with_name(sys.argv[3])
            if len(sys.argv) > 3
            else next(model_path.parent.glob("*tokenizer.json"))
        )
    )
    (train, train_labels), (test, test_labels) = (
        read(directory / f"{split}.csv") for split in ("train", "test")
    )
    binarizer = MultiLabelBinarizer().fit(train_labels)
    y, truth = binarizer.transform(train_labels), binarizer.transform(test_labels)
    x, x_test = np.split(features(model, tokenizer, train + test), [len(train)])
    folds = list(KFold(5, shuffle=True, random_state=1).split(x))

    def cross_validated(strength):
        said = np.zeros_like(y)
        for inside, outside in folds:
            said[outside] = classifier(strength).fit(x[inside], y[inside]).predict(x[outside])
        return f1_score(y, said, average="micro")

    best = max(STRENGTHS, key=cross_validated)
    fitted = classifier(best).fit(x, y)
    said, probabilities = fitted.predict(x_test), fitted.predict_proba(x_test)
    print(
        json.dumps(
            {
                "strength": best,
                "microF1": f1_score(truth, said, average="micro"),
                "macroF1": f1_score(truth, said, average="macro"),
                "averagePrecision": average_precision_score(truth, probabilities, average="macro"),
                "rows": len(test),
            }
        )
    )


if __name__ == "__main__":
    main()
