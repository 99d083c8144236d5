"""One measurement of one peer: peers.py NAME WORK THREADS REPEATS; prints a JSON object. See compare.py."""

import json
import os
import pathlib
import statistics
import sys
import time

NAME, WORK, THREADS, REPEATS = sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
os.environ["OMP_NUM_THREADS"] = str(THREADS)
if NAME.startswith("jax"):
    os.environ["XLA_FLAGS"] = f"--xla_cpu_multi_thread_eigen={'true' if THREADS > 1 else 'false'}"
BATCH, EXAMPLES, TOKENS, WIDTH, HIDDEN, INNER, HEADS = 32, 64, 45, 384, 128, 512, 4


def median(body):
    start = time.perf_counter()
    body()
    first = time.perf_counter() - start
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        body()
        times.append(time.perf_counter() - start)
    return statistics.median(times), first


def report(work, seconds, first=None):
    print(json.dumps({"seconds": seconds, "rate": work / seconds,
                      "compile": max(0.0, first - seconds) if first is not None else None}))


def encoder_directory():
    home = os.environ.get("KNAS_HOME") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "knas")
    return pathlib.Path(home) / "encoders/multilingual-e5-small"


def sorted_batches():
    """Padded batches of 32, sorted by length: token ids and masks."""
    import numpy as np
    ids = sorted(json.loads(pathlib.Path(WORK["ids"]).read_text()), key=len)
    batches = []
    for start in range(0, len(ids), BATCH):
        rows = ids[start:start + BATCH]
        longest = max(map(len, rows))
        tokens = np.ones((len(rows), longest), dtype=np.int64)
        mask = np.zeros_like(tokens)
        for place, row in enumerate(rows):
            tokens[place, :len(row)] = row
            mask[place, :len(row)] = 1
        batches.append((tokens, mask))
    return batches, sum(map(len, ids))


def torch_model():
    import torch
    from safetensors.torch import load_file
    from transformers import AutoConfig, AutoModel
    torch.set_num_threads(THREADS)
    directory = encoder_directory()
    model = AutoModel.from_config(AutoConfig.from_pretrained(directory), attn_implementation="sdpa")
    state = {k: v.float() for k, v in load_file(directory / "model.safetensors").items()}
    model.load_state_dict(state, strict=False)
    return model.eval()


def torch_encoder():
    import torch
    batches, tokens = sorted_batches()
    model = torch_model()
    batches = [(torch.tensor(t), torch.tensor(m)) for t, m in batches]

    def run():
        with torch.inference_mode():
            for ids, mask in batches:
                model(input_ids=ids, attention_mask=mask)
    report(tokens, median(run)[0])


def onnxruntime_encoder():
    import onnxruntime
    import torch
    batches, tokens = sorted_batches()
    path = pathlib.Path(WORK["ids"]).with_name("encoder.onnx")
    if not path.exists():
        class LastState(torch.nn.Module):
            """What is exported: inputs by name, one result; the exporters pass them by position."""

            def __init__(self, model):
                super().__init__()
                self.model = model

            def forward(self, ids, mask):
                return self.model(input_ids=ids, attention_mask=mask).last_hidden_state

        model = torch_model()
        model.set_attn_implementation("eager")
        example = (torch.ones(2, 8, dtype=torch.long), torch.ones(2, 8, dtype=torch.long))
        axes = {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}
        torch.onnx.export(
            LastState(model), example, str(path), input_names=["input_ids", "attention_mask"],
            output_names=["hidden"], dynamo=True, external_data=False,
            dynamic_shapes={"ids": axes, "mask": axes})
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = THREADS
    session = onnxruntime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])

    def run():
        for ids, mask in batches:
            session.run(None, {"input_ids": ids, "attention_mask": mask})
    report(tokens, median(run)[0])


def torch_head():
    import torch
    from torch import nn

    class Head(nn.Module):
        def __init__(self):
            super().__init__()
            self.projection = nn.Linear(WIDTH, HIDDEN)
            self.qkv = nn.Linear(HIDDEN, 3 * HIDDEN)
            self.out = nn.Linear(HIDDEN, HIDDEN)
            self.norm1, self.norm2 = nn.LayerNorm(HIDDEN), nn.LayerNorm(HIDDEN)
            self.up, self.down = nn.Linear(HIDDEN, INNER), nn.Linear(INNER, HIDDEN)
            self.classifier = nn.Linear(HIDDEN, 2)

        def forward(self, x, mask=None):
            x = self.projection(x)
            b, t, _ = x.shape
            q, k, v = self.qkv(x).view(b, t, 3, HEADS, HIDDEN // HEADS).permute(2, 0, 3, 1, 4)
            scores = q @ k.transpose(-1, -2) / (HIDDEN // HEADS) ** 0.5
            if mask is not None:
                scores = scores.masked_fill(~mask[:, None, None, :], -1e9)
            mixed = (scores.softmax(-1) @ v).transpose(1, 2).reshape(b, t, HIDDEN)
            x = self.norm1(x + self.out(mixed))
            x = self.norm2(x + self.down(nn.functional.gelu(self.up(x))))
            if mask is None:
                return self.classifier(x.mean(1))
            weight = mask[..., None].float()
            return self.classifier((x * weight).sum(1) / weight.sum(1))

    torch.set_num_threads(THREADS)
    torch.manual_seed(1)
    return Head()


def torch_func_kernels():
    """Per-example gradients of the loss and of both logits, and their Gram matrices."""
    import torch
    from torch.func import functional_call, grad, jacrev, vmap
    head = torch_head()
    parameters = {k: v.detach() for k, v in head.named_parameters()}
    x = torch.randn(EXAMPLES, TOKENS, WIDTH)
    y = torch.arange(EXAMPLES) % 2

    def loss(p, x, y):
        return torch.nn.functional.cross_entropy(functional_call(head, p, x[None]), y[None])

    def logits(p, x):
        return functional_call(head, p, x[None])[0]

    def run():
        with torch.no_grad():
            rows = vmap(grad(loss), (None, 0, 0))(parameters, x, y)
            flat = torch.cat([g.flatten(1) for g in rows.values()], 1)
            flat @ flat.T
            rows = vmap(jacrev(logits), (None, 0))(parameters, x)
            flat = torch.cat([g.flatten(2) for g in rows.values()], 2)
            for c in range(2):
                flat[:, c] @ flat[:, c].T
    report(1, median(run)[0])


def jax_kernels():
    import jax
    import jax.numpy as np
    key = jax.random.PRNGKey(1)

    def weight(*shape):
        nonlocal key
        key, now = jax.random.split(key)
        return jax.random.normal(now, shape) * 0.05
    p = {"pw": weight(WIDTH, HIDDEN), "pb": weight(HIDDEN), "qw": weight(HIDDEN, 3 * HIDDEN),
         "qb": weight(3 * HIDDEN), "ow": weight(HIDDEN, HIDDEN), "ob": weight(HIDDEN),
         "g1": weight(HIDDEN), "b1": weight(HIDDEN), "g2": weight(HIDDEN), "b2": weight(HIDDEN),
         "uw": weight(HIDDEN, INNER), "ub": weight(INNER), "dw": weight(INNER, HIDDEN),
         "db": weight(HIDDEN), "cw": weight(HIDDEN, 2), "cb": weight(2)}
    x, y = weight(EXAMPLES, TOKENS, WIDTH), np.arange(EXAMPLES) % 2

    def norm(x, g, b):
        m = x.mean(-1, keepdims=True)
        return (x - m) / np.sqrt(((x - m) ** 2).mean(-1, keepdims=True) + 1e-5) * g + b

    def logits(p, x):
        x = x @ p["pw"] + p["pb"]
        q, k, v = np.moveaxis((x @ p["qw"] + p["qb"]).reshape(TOKENS, 3, HEADS, -1), 1, 0)
        scores = np.einsum("qhd,khd->hqk", q, k) / (HIDDEN // HEADS) ** 0.5
        mixed = np.einsum("hqk,khd->qhd", jax.nn.softmax(scores), v).reshape(TOKENS, HIDDEN)
        x = norm(x + mixed @ p["ow"] + p["ob"], p["g1"], p["b1"])
        inner = jax.nn.gelu(x @ p["uw"] + p["ub"], approximate=False)
        x = norm(x + inner @ p["dw"] + p["db"], p["g2"], p["b2"])
        return x.mean(0) @ p["cw"] + p["cb"]

    def loss(p, x, y):
        return -jax.nn.log_softmax(logits(p, x))[y]

    @jax.jit
    def kernels(p, x, y):
        rows = jax.vmap(jax.grad(loss), (None, 0, 0))(p, x, y)
        flat = np.concatenate([g.reshape(EXAMPLES, -1) for g in rows.values()], 1)
        jacobian = jax.vmap(jax.jacrev(logits), (None, 0))(p, x)
        wide = np.concatenate([g.reshape(EXAMPLES, 2, -1) for g in jacobian.values()], 2)
        return flat @ flat.T, np.einsum("acp,bcp->ab", wide, wide)

    seconds, first = median(lambda: jax.block_until_ready(kernels(p, x, y)))
    report(1, seconds, first)


def torch_training():
    import torch
    lengths = json.loads(pathlib.Path(WORK["lengths"]).read_text())
    torch.manual_seed(2)
    order = torch.randperm(len(lengths)).tolist()
    batches = []
    for start in range(0, len(order), BATCH):
        chosen = [lengths[i] for i in order[start:start + BATCH]]
        mask = torch.arange(max(chosen))[None] < torch.tensor(chosen)[:, None]
        batches.append((torch.randn(len(chosen), max(chosen), WIDTH), mask,
                        torch.arange(len(chosen)) % 2))
    head = torch_head()
    optimizer = torch.optim.AdamW(head.parameters(), lr=1e-3)

    def run():
        for x, mask, y in batches:
            loss = torch.nn.functional.cross_entropy(head(x, mask), y)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(head.parameters(), 1)
            optimizer.step()
    report(len(batches), median(run)[0])


def sklearn_probe():
    """The same nine fits on the same standardised features, each started from the one before."""
    import warnings

    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits
    warnings.filterwarnings("ignore")
    directory = pathlib.Path(WORK["rows"])

    def rows(name):
        means = np.fromfile(directory / f"{name}.f32", np.float32).reshape(-1, 2, WIDTH)
        u, v = means[:, 0], means[:, 1]
        return np.concatenate([u, v, abs(u - v), u * v], 1)
    labels = [np.array(json.loads((directory / f"{name}.json").read_text())) for name in ("train", "dev")]

    def run():
        scaler = StandardScaler()
        train, dev = scaler.fit_transform(rows("train")), scaler.transform(rows("dev"))
        model = LogisticRegression(max_iter=1000, warm_start=True)
        for strength in [1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1]:
            model.set_params(C=strength).fit(train, labels[0])
            model.score(dev, labels[1])
    with threadpool_limits(THREADS):
        report(9, median(run)[0])


if __name__ == "__main__":
    {"torch-encoder": torch_encoder, "onnxruntime-encoder": onnxruntime_encoder,
     "torch-func-kernels": torch_func_kernels, "jax-kernels": jax_kernels,
     "torch-training": torch_training, "sklearn-probe": sklearn_probe}[NAME]()
