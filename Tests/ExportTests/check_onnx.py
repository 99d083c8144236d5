#!/usr/bin/env python3
"""Compares ONNX files with the logits that this program computed for the same tokens.

usage: check_onnx.py DIRECTORY [TOLERANCE]

DIRECTORY holds cases NAME.onnx with NAME.json: {"classes": n, "examples": [{"views": [[{"ids": [...]} or
{"features": [[...], ...]}, ...], ...], "logits": [...]}, ...]}: for each view its segments; a view without inputs of
its own must have the ids of an earlier one. Every case runs as
one padded batch, once with the padding on the right and once on the left, with garbage in it, and example by
example without padding; all must give the logits, and the probabilities that are their softmax (of labels their
sigmoids; of numbers the value is compared, in deviations). Needs numpy and onnxruntime; uses onnx's checker where it is there.
"""

import json
import pathlib
import sys

import numpy as np
import onnxruntime

try:
    import onnx
except ImportError:
    onnx = None


def part_types(part, row):
    """The types of a segment's tokens."""
    return part.get("types", [0] * len(row))


def inputs(session, examples, left, extra):
    """One padded batch: what stands in the padding must not matter."""
    known = {i.name: i for i in session.get_inputs()}
    feeds = {}
    places = [
        (view, segment)
        for view, segments in enumerate(examples[0]["views"])
        for segment in range(len(segments))
    ]
    for view, segment in places:
        prefix = (f"view{view + 1}_" if view else "") + ("pair_" if segment else "")
        parts = [example["views"][view][segment] for example in examples]
        rows = [part.get("ids", part.get("features")) for part in parts]
        if not {prefix + "input_ids", prefix + "features"} & set(known):
            earlier = [example["views"][:view] for example in examples]
            assert all(
                any(segments[segment : segment + 1] == [part] for segments in others)
                for part, others in zip(parts, earlier)
            ), prefix
            continue
        length = max(len(row) for row in rows) + extra
        mask = np.zeros((len(rows), length), np.int64)
        types = np.ones((len(rows), length), np.int64)
        if prefix + "features" in known:
            width = known[prefix + "features"].shape[2]
            values = np.full((len(rows), length, width), np.nan, np.float32)
            name = prefix + "features"
        else:
            values = np.full((len(rows), length), 1, np.int64)
            name = prefix + "input_ids"
        for index, row in enumerate(rows):
            start = length - len(row) if left else 0
            mask[index, start : start + len(row)] = 1
            values[index, start : start + len(row)] = row
            types[index, start : start + len(row)] = part_types(parts[index], row)
        feeds[name] = values
        feeds[prefix + "attention_mask"] = mask
        if prefix + "token_type_ids" in known:
            feeds[prefix + "token_type_ids"] = types
    assert set(feeds) == set(known), (sorted(feeds), sorted(known))
    return feeds


def check(model, tolerance):
    if onnx is not None:
        onnx.checker.check_model(str(model), full_check=True)
    case = json.loads(model.with_suffix(".json").read_text())
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    examples = case["examples"]
    expected = np.array([example["logits"] for example in examples])
    assert expected.shape == (len(examples), case["classes"]), expected.shape

    metadata = session.get_modelmeta().custom_metadata_map
    target = metadata.get("target", "class")

    def run(feeds):
        if target == "number":
            scale = json.loads(metadata["scale"])
            return ((session.run(["value"], feeds)[0] - scale["mean"]) / scale["deviation"]).astype(
                np.float32
            )
        logits, probabilities = session.run(["logits", "probabilities"], feeds)
        if target == "labels":
            assert np.abs(1 / (1 + np.exp(-logits)) - probabilities).max() < 1e-6
            assert len(json.loads(metadata["thresholds"])) == logits.shape[1]
            return logits
        powers = np.exp(logits - logits.max(-1, keepdims=True))
        assert np.abs(powers / powers.sum(-1, keepdims=True) - probabilities).max() < 1e-6
        return logits

    runs = {
        "right": run(inputs(session, examples, left=False, extra=3)),
        "left": run(inputs(session, examples, left=True, extra=2)),
        "alone": np.concatenate([run(inputs(session, [e], left=False, extra=0)) for e in examples]),
    }
    # A row of padding alone means nothing, but must not become NaN or infinity.
    empty = inputs(session, examples[:1], left=False, extra=2)
    for name in empty:
        if name.endswith("attention_mask"):
            empty[name][:] = 0
    assert all(np.isfinite(found).all() for found in session.run(None, empty)), (
        "not finite without a token"
    )
    worst = 0.0
    for name, found in runs.items():
        assert found.dtype == np.float32 and found.shape == expected.shape, (name, found.shape)
        error = float(np.abs(found - expected).max())
        if not error <= tolerance:
            raise AssertionError(f"{model.name}: {name}: logits differ by {error}")
        worst = max(worst, error)
    return worst


def main():
    directory = pathlib.Path(sys.argv[1])
    tolerance = float(sys.argv[2]) if len(sys.argv) > 2 else 1e-4
    models = sorted(directory.glob("*.onnx"))
    assert models, f"no ONNX files in {directory}"
    worst, failures = 0.0, []
    for model in models:
        try:
            worst = max(worst, check(model, tolerance))
        except Exception as error:
            failures.append(f"{model.name}: {error}")
    print("\n".join(failures), file=sys.stderr)
    print(
        f"{len(models)} models, {len(failures)} failures, largest difference {worst:.2e}"
        + ("" if onnx else " (without onnx's checker)")
    )
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
