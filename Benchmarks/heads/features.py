"""What the ranking knows of a head before it is trained. `Sources/Scoring/HeadFeatures.swift` computes the same."""

import re

import numpy as np

# The output kernel gives all of these but the last, which costs a pass of its own.
PROXIES = ["alignment", "ntk-loo", "ntk-condition", "ntk-regression", "jacobian-covariance"]
LAYER = "layer's linear loss"
MIXING = {"self-attention", "cross-attention", "convolution"}
GENE = re.compile(r"([a-z-]+)(?:\((.*)\))?")


def genes(genotype):
    """Operations and their settings, in order."""
    found = []
    for text in genotype.split(" > "):
        name, settings = GENE.fullmatch(text).groups()
        found.append((name, dict(s.split("=") for s in settings.split(",")) if settings else {}))
    return found


def ranks(values):
    """Ranks from 1; equal values share their mean rank."""
    values = np.asarray(values, float)
    order = np.sort(values)
    return (np.searchsorted(order, values, "left") + 1 + np.searchsorted(order, values, "right")) / 2


def centred_rank(values):
    """The rank among the candidates, from -1/2 to 1/2; heads without a value are last."""
    values = np.where(np.isnan(values), -np.inf, np.asarray(values, float))
    return (ranks(values) - 0.5) / len(values) - 0.5


def layer_losses(layers):
    """Each layer's linear head's cross entropy, standardised over the layers."""
    losses = np.array([float(layer["cross_entropy"]) for layer in layers])
    standing = (losses - losses.mean()) / (losses.std() or 1.0)
    # The learned mix of all layers counts as the best of them.
    return {"mix": standing.min()} | {layer["layer"]: z for layer, z in zip(layers, standing)}


def head_features(genotype):
    """What the text of a head says, by name."""
    parts = genes(genotype)
    source, head = parts[0][1], parts[-1][1]
    blocks = [name for name, _ in parts[2:-1] if not name.startswith("pool") and name != "pair"]
    pooling = next(name for name, _ in parts if name.startswith("pool"))
    kind = next((settings["kind"] for name, settings in parts if name == "pair"), "")
    first = pooling == "pool-first"
    width = next((s["width"] for name, s in parts if name == "projection"), "full")
    return {
        "pool-first": first,
        "pool-first after mixing": first and bool(MIXING.intersection(blocks)),
        "pool-first after self-attention": first and "self-attention" in blocks,
        "pool-mean": pooling == "pool-mean",
        "pool-max": pooling == "pool-max",
        "pool-attention": pooling == "pool-attention",
        "no blocks": not blocks,
        "self-attention blocks": blocks.count("self-attention"),
        "convolution blocks": blocks.count("convolution"),
        "gated blocks": blocks.count("gated-feed-forward"),
        "pair difference-product": kind == "difference-product",
        "octaves of width": np.log2((384 if width == "full" else int(width)) / 128),
        "input dropout": float(source["dropout"]),
        "classifier dropout": float(head["dropout"]),
        "linear classifier": head["hidden"] == "0",
        "gelu classifier": head["hidden"] != "0" and head["activation"] == "gelu",
    }


def matrix(heads, layers, proxies=tuple(PROXIES), uses_layers=True, uses_genotypes=True):
    """Features of a study's heads.

    Returns their names and an array [heads, features].
    """
    columns = {}
    for proxy in proxies:
        columns[proxy] = centred_rank([float(head[proxy] or "nan") for head in heads])
    read = [genes(head["genotype"])[0][1]["of"] for head in heads]
    if uses_layers:
        table = layer_losses(layers)
        columns[LAYER] = np.array([table[layer] for layer in read])
    if uses_genotypes:
        rows = [head_features(head["genotype"]) for head in heads]
        columns |= {name: np.array([row[name] for row in rows], float) for name in rows[0]}
    return list(columns), np.stack(list(columns.values()), axis=1)
