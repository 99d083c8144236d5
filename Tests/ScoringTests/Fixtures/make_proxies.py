"""Makes proxies_{transformer,convolution}.{safetensors,json}: two small heads on ragged random inputs and
the value of every proxy, computed in float64 by PyTorch's automatic differentiation and by plain
formulas, one example at a time. Needs torch, numpy, safetensors. Run: python3 make_proxies.py
"""

import json
import pathlib

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

HERE = pathlib.Path(__file__).resolve().parent
SIGN_THRESHOLD = 1e-5


class Transformer(nn.Module):
    width, classes, examples = 24, 3, 12

    def __init__(self):
        super().__init__()
        self.projection = nn.Linear(24, 16)
        self.layer = nn.TransformerEncoderLayer(
            16, 2, 32, dropout=0.0, activation="gelu", batch_first=True, norm_first=False)
        self.classifier = nn.Linear(16, 3)

    def forward(self, x):  # [tokens, width] of one example
        x = self.layer(self.projection(x)[None])[0]
        return self.classifier(x.mean(0))

    def producers(self):
        """Modules whose outputs enter activation functions."""
        return [self.layer.linear1]

    def consumers(self):
        """Modules that take exactly what an activation function returns."""
        return [self.layer.linear2]

    def multiply_adds(self, tokens):
        attention = 16 * 48 + 16 * 16 + 2 * tokens * 16
        return tokens * (24 * 16 + attention + 2 * 16 * 32 + 2 * 16) + 16 * 3


class MaxPool(nn.Module):
    def forward(self, x):
        return x.amax(0)


class Convolution(nn.Module):
    width, classes, examples = 12, 2, 10

    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv1d(12, 12, 3, padding=1, groups=12)
        self.expand = nn.Linear(12, 14)
        self.pool = MaxPool()
        self.hidden = nn.Linear(14, 10)
        self.classifier = nn.Linear(10, 2)

    def forward(self, x):
        x = torch.relu(self.expand(self.convolution(x.T[None])[0].T))
        return self.classifier(torch.tanh(self.hidden(self.pool(x))))

    def producers(self):
        return [self.expand, self.hidden]

    def consumers(self):
        return [self.pool, self.classifier]

    def multiply_adds(self, tokens):
        return tokens * (12 * 3 + 12 * 14) + 14 * 10 + 10 * 2


def gradients(model, value, **options):
    return torch.autograd.grad(value, list(model.parameters()), **options)


def flat(tensors):
    return torch.cat([t.reshape(-1) for t in tensors])


def mean_loss(model, inputs, labels):
    return F.cross_entropy(torch.stack([model(x) for x in inputs]), labels)


def synflow(model, inputs):
    signs = [p.detach().sign() for p in model.parameters()]
    with torch.no_grad():
        for p in model.parameters():
            p.abs_()
    r = sum(model(torch.ones_like(x)).sum() for x in inputs)
    score = sum((p * g).abs().sum() for p, g in zip(model.parameters(), gradients(model, r)))
    with torch.no_grad():
        for p, s in zip(model.parameters(), signs):
            p.mul_(s)
    return score.item()


def code(model, x):
    """Whether the mean over tokens of what enters each activation function is above zero."""
    seen = []
    hooks = [m.register_forward_hook(lambda _, __, y: seen.append(y.detach()))
             for m in model.producers()]
    model(x)
    for hook in hooks:
        hook.remove()
    return np.concatenate([y.reshape(-1, y.shape[-1]).mean(0).numpy() > 0 for y in seen])


def fisher(model, inputs, labels):
    """Every activation is multiplied by a factor of one, whose gradient is `a dL/da`."""
    total = 0.0
    for x, label in zip(inputs, labels):
        factors = []

        def multiply(_, args, factors=factors):
            factors.append(torch.ones_like(args[0], requires_grad=True))
            return (args[0] * factors[-1],)

        hooks = [m.register_forward_pre_hook(multiply) for m in model.consumers()]
        loss = F.cross_entropy(model(x)[None], label[None])
        for hook in hooks:
            hook.remove()
        for g in torch.autograd.grad(loss, factors):
            total += (g.reshape(-1, g.shape[-1]).sum(0) ** 2).sum().item()
    return total / (2 * len(inputs))


def naswot(model, inputs):
    codes = [code(model, x) for x in inputs]
    kernel = np.array([[len(a) - np.sum(a != b) for b in codes] for a in codes], float)
    sign, value = np.linalg.slogdet(kernel)
    assert sign > 0 and np.linalg.eigvalsh(kernel)[0] > 1e-3
    return value


def jacobian_covariance(model, inputs):
    rows = []
    for x in inputs:
        x = x.clone().requires_grad_()
        rows.append(torch.autograd.grad(model(x).sum(), x)[0].sum(0).numpy())
    v = np.linalg.eigvalsh(np.corrcoef(np.array(rows)))
    return -np.sum(np.log(v + 1e-5) + 1 / (v + 1e-5))


def grasp(model, inputs, labels):
    """Exact, by differentiating twice."""
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        g = gradients(model, mean_loss(model, inputs, labels), create_graph=True)
        product = gradients(model, sum((a * a.detach()).sum() for a in g))
    return -sum((p * h).sum() for p, h in zip(model.parameters(), product)).item()


def zico(parameters, rows):
    """rows: for each parameter the gradients of the examples, `[examples, ...]`."""
    score = 0.0
    for parameter, g in zip(parameters, rows):
        if parameter.dim() < 2:
            continue
        spread = g.std(0, unbiased=False)
        varies = spread > 0
        score += torch.log((g.abs().mean(0)[varies] / spread[varies]).sum()).item()
    return score


def gradsign(named, rows):
    total = 0.0
    for (name, _), g in zip(named, rows):
        if name == "convolution.weight":  # [width, 1, kernel] here, rows of the width there
            g = g[:, :, 0].transpose(1, 2)
        limit = SIGN_THRESHOLD * g.abs().amax(-1, keepdim=True)
        total += torch.where(g.abs() > limit, g.sign(), 0.0).sum(0).abs().sum().item()
    return total


def ridge_regression(kernel, targets, ridge):
    """Weights and constant of the bordered system."""
    n = len(kernel)
    system = np.block([[kernel + ridge * np.eye(n), np.ones((n, 1))],
                       [np.ones((1, n)), np.zeros((1, 1))]])
    solution = np.linalg.solve(system, np.vstack([targets, np.zeros((1, targets.shape[1]))]))
    return solution[:n], solution[n]


def leave_one_out(kernel, onehot):
    """The least error of refitting without each example, and the ridge that has it."""
    n, found = len(kernel), []
    for share in [1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1, 1, 3, 10]:
        ridge, missed = share * np.diag(kernel).mean(), 0.0
        for i in range(n):
            rest = [j for j in range(n) if j != i]
            w, b = ridge_regression(kernel[np.ix_(rest, rest)], onehot[rest], ridge)
            missed += np.sum((kernel[i, rest] @ w + b - onehot[i]) ** 2)
        found.append((missed, ridge))
    return min(found)


def ntk_regression(kernel, labels, classes):
    """Halves by class in turn; the ridge by refitting without each example."""
    order = [i for c in range(classes) for i in np.flatnonzero(labels == c)]
    halves, error = (order[0::2], order[1::2]), 0.0
    onehot = np.eye(classes)[labels]
    for train, test in (halves, halves[::-1]):
        k = kernel[np.ix_(train, train)]
        w, b = ridge_regression(k, onehot[train], leave_one_out(k, onehot[train])[1])
        error += np.sum((kernel[np.ix_(test, train)] @ w + b - onehot[test]) ** 2)
    return -error / len(labels)


def alignment(kernel, labels):
    h = np.eye(len(labels)) - 1 / len(labels)
    a = h @ kernel @ h
    b = h @ (labels[:, None] == labels[None]).astype(float) @ h
    return np.sum(a * b) / np.sqrt(np.sum(a * a) * np.sum(b * b))


def proxies(model, inputs, labels):
    named = list(model.named_parameters())
    parameters = [p for _, p in named]
    examples = [gradients(model, F.cross_entropy(model(x)[None], y[None]))
                for x, y in zip(inputs, labels)]
    rows = [torch.stack([g[k] for g in examples]) for k in range(len(parameters))]
    loss_rows = torch.stack([flat(g) for g in examples]).numpy()
    loss_gram = loss_rows @ loss_rows.T
    output_gram = 0
    for c in range(model.classes):
        j = torch.stack([flat(gradients(model, model(x)[c])) for x in inputs]).numpy()
        output_gram = output_gram + j @ j.T
    norms = np.sqrt(np.diag(loss_gram))
    mean = gradients(model, mean_loss(model, inputs, labels))
    v = np.linalg.eigvalsh(output_gram)
    return {
        "mgm": loss_gram.mean(), "mgm-output": output_gram.mean(),
        "mgm-cosine": (loss_gram / np.outer(norms, norms)).mean(),
        "alignment": alignment(output_gram, labels.numpy()),
        "ntk-regression": ntk_regression(output_gram, labels.numpy(), model.classes),
        "ntk-loo": -leave_one_out(output_gram, np.eye(model.classes)[labels.numpy()])[0]
        / len(labels),
        "grad-norm": sum(g.norm().item() for g in mean),
        "snip": sum((p * g).abs().sum().item() for p, g in zip(parameters, mean)),
        "grasp": grasp(model, inputs, labels), "synflow": synflow(model, inputs),
        "fisher": fisher(model, inputs, labels),
        "jacobian-covariance": jacobian_covariance(model, inputs),
        "naswot": naswot(model, inputs), "ntk-condition": -v[-1] / v[0],
        "zico": zico(parameters, rows), "gradsign": gradsign(named, rows),
        "flops": sum(model.multiply_adds(len(x)) for x in inputs),
        "parameters": sum(p.numel() for p in parameters),
    }


def main():
    for name, kind, seed in [("transformer", Transformer, 1), ("convolution", Convolution, 2)]:
        torch.manual_seed(seed)
        model = kind().eval()
        lengths = torch.randint(1, 8, (kind.examples,))
        features = torch.randn(int(lengths.sum()), kind.width)
        labels = torch.randint(0, kind.classes, (kind.examples,))
        if name == "transformer":  # PyTorch starts these at zero, which would hide mistakes
            for p in [model.layer.self_attn.in_proj_bias, model.layer.self_attn.out_proj.bias,
                      model.layer.norm1.bias, model.layer.norm2.bias]:
                nn.init.uniform_(p, -0.2, 0.2)
            for p in [model.layer.norm1.weight, model.layer.norm2.weight]:
                nn.init.uniform_(p, 0.7, 1.3)
        tensors = {f"param.{n}": p.detach().clone() for n, p in model.named_parameters()}
        if "param.convolution.weight" in tensors:
            tensors["param.convolution.weight"] = (
                tensors["param.convolution.weight"][:, 0].T.contiguous())
        tensors |= {"features": features, "lengths": lengths.int(), "labels": labels.int()}
        save_file(tensors, HERE / f"proxies_{name}.safetensors")
        model = model.double()
        scores = proxies(model, list(features.double().split(lengths.tolist())), labels)
        text = json.dumps({k: float(v) for k, v in scores.items()}, indent=2)
        (HERE / f"proxies_{name}.json").write_text(text + "\n")
        print(name, text)


main()
